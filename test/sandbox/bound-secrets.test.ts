/** SEC-5: what programs hold of a secret that is bound to a host, and what the host receives. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { claimFor } from "../kit/sandbox/gateway.ts";
import { execute } from "../kit/sandbox/host.ts";
import { allowing, publicAddress, TestInternet } from "../kit/sandbox/test-internet.ts";

const value = "sk-canary-0123456789abcdef";
const heard = new Map<string, string>();
const internet = new TestInternet({
  names: { "bound.test": [[publicAddress]], "other.test": [[publicAddress]] },
  serve: (request, response) => {
    const authorization = request.headers.authorization ?? "";
    heard.set(`${request.headers.host}${request.url}`, authorization);
    response.end(`heard ${authorization}\n`);
  },
});

const script = `
  header="authorization: Bearer $API_TOKEN"
  curl -sS -H "$header" https://bound.test/curl https://bound.test/again
  node -e 'fetch("https://bound.test/node", { headers: { authorization: "Bearer " + process.env.API_TOKEN } })
    .then((answer) => answer.text()).then((text) => console.log(text))'
  python3 -c 'import os, urllib.request as u
print(u.urlopen(u.Request("https://bound.test/python", headers={"authorization": "Bearer " + os.environ["API_TOKEN"]})).read().decode())'
  git -c http.extraHeader="$header" ls-remote https://bound.test/git 2>/dev/null
  curl -sSk -H "$header" https://other.test/curl
  echo "holds $API_TOKEN"
  touch /opt/paddock/init/trust/mine 2>/dev/null || echo "trust is read-only"`;

beforeAll(async () => void (await internet.open()));
afterAll(() => internet.close());

describe("SEC-5 a secret bound to a host", { timeout: 120_000 }, () => {
  test("reaches it by every client, and neither the sandbox nor another host", async () => {
    const secret = { key: "API_TOKEN", value, hosts: ["bound.test"], headers: ["authorization"] };
    const { network } = internet.claim(allowing("bound.test:443", "other.test:443"));
    const claim = claimFor(script, { boundSecrets: [secret], ...(network && { network }) });
    const { gateway, host } = await execute(claim, "userns", { environment: internet.environment });
    const output = gateway.settled?.output ?? "";
    for (const path of [
      "/curl",
      "/again",
      "/node",
      "/python",
      "/git/info/refs?service=git-upload-pack",
    ]) {
      expect(heard.get(`bound.test${path}`), path).toBe(`Bearer ${value}`);
    }
    expect(output.match(/heard Bearer \[redacted:API_TOKEN\]/g)).toHaveLength(4);
    expect(heard.get("other.test/curl")).toMatch(/^Bearer paddock-bound-[0-9a-f]{40}$/);
    expect(output).toMatch(/holds paddock-bound-[0-9a-f]{40}\n/);
    expect(output).toContain("trust is read-only");
    expect(gateway.received.join("\n") + host.log()).not.toContain(value);
  });
});
