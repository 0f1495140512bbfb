/** The scripts of routes in a real sandbox, against git's own server behind the egress proxy. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { gitScript } from "#shared/core/git/git-script";
import { GitServer } from "../kit/git-server.ts";
import { claimFor } from "../kit/sandbox/gateway.ts";
import { execute } from "../kit/sandbox/host.ts";
import { allowing, publicAddress, TestInternet } from "../kit/sandbox/test-internet.ts";

const token = "ghp-canary-0123456789abcdefghij";
const variable = "PADDOCK_GIT_TOKEN";
const server = new GitServer(token);
const internet = new TestInternet({
  names: { "git.test": [[publicAddress]], "other.test": [[publicAddress]] },
  serve: server.serve,
});

beforeAll(async () => {
  server.add("made.git");
  await internet.open();
});
afterAll(() => {
  internet.close();
  server.close();
});

const clone = (host: string) =>
  gitScript({
    folder: "",
    words: ["clone", "--quiet", "--template=", "--", `https://${host}/made.git`, "./made"],
    passwordVariable: variable,
  });
const inMade = (...words: readonly string[]) =>
  `(${gitScript({ folder: "made", words, passwordVariable: variable })})`;

async function run(script: string, value = token) {
  const secret = { key: variable, value, hosts: ["git.test"], headers: ["authorization"] };
  const { network } = internet.claim(allowing("git.test:443"));
  const claim = claimFor(script, { boundSecrets: [secret], ...(network && { network }) });
  const { gateway, host } = await execute(claim, "userns", { environment: internet.environment });
  const everything = gateway.received.join("\n") + host.log();
  return { settled: gateway.settled, output: gateway.settled?.output ?? "", everything };
}

describe("git in a sandbox", { timeout: 120_000 }, () => {
  test("clones and pushes with a token that is neither in it nor in anything it stores", async () => {
    const { settled, output, everything } = await run(`
      set -e
      (${clone("git.test")})
      printf one >made/file
      ${inMade("add", "--all")}
      ${inMade("commit", "--quiet", "--no-verify", "--message=Pushed")}
      ${inMade("push", "--quiet", "--", "origin", "refs/heads/main:refs/heads/main")}
      cat made/.git/config; grep -rl paddock-bound made || echo held nowhere
      git -C made log -1 --format='%an <%ae>' 2>/dev/null`);
    expect(settled, output).toMatchObject({ outcome: "success" });
    expect(output).toContain("url = https://git.test/made.git");
    expect(output).toContain("held nowhere");
    expect(output).toContain("Paddock <agent@paddock.invalid>");
    expect(server.git("made.git", "log", "-1", "--format=%s", "main")).toBe("Pushed\n");
    expect([...server.heard]).toEqual([`x-access-token:${token}`]);
    expect(everything).not.toContain(token);
  });

  test("fails at once with a wrong token, and at a host that isn't allowed", async () => {
    const wrong = await run(clone("git.test"), "another-token-0123456789");
    expect(wrong.settled).toMatchObject({ outcome: "failed" });
    expect(wrong.output).toMatch(/Authentication failed|terminal prompts disabled/);
    const refused = await run(clone("other.test"));
    expect(refused.settled).toMatchObject({ outcome: "failed" });
    expect(`${refused.output} ${refused.settled?.detail}`).toContain("host_not_allowed");
  });

  test("runs no hook, no helper of the repository and no protocol but http and https", async () => {
    const { output } = await run(`
      git init -q made && cd made
      printf '#!/bin/sh\\ntouch /workspace/ran-hook\\n' >.git/hooks/pre-commit
      cp .git/hooks/pre-commit .git/hooks/post-commit; chmod +x .git/hooks/*
      git config core.fsmonitor 'touch /workspace/ran-monitor; false'
      git config gpg.program 'touch /workspace/ran-gpg'; git config commit.gpgSign true
      git config core.sshCommand 'touch /workspace/ran-ssh'
      git remote add evil 'ext::sh -c "touch /workspace/ran-ext"'
      touch file; ${inMade("add", "--all")}
      ${inMade("commit", "--quiet", "--no-verify", "--message=x")}
      ${inMade("push", "--", "evil", "refs/heads/master:refs/heads/master")}
      ls /workspace`);
    expect(output).toContain("transport 'ext' not allowed");
    expect(output).not.toContain("ran-");
  });
});
