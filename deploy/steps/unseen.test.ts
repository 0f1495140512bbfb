/** What Google refuses to tell now is neither missing nor new. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { GoogleApi } from "../google/api.ts";
import { whereIsState } from "./bootstrap.ts";
import { removeDefaultNetwork } from "./default-network.ts";
import { ensureKeyVersions } from "./keys-left-behind.ts";

type Answer = readonly [status: number, body: object];

/** @param answer What Google says to a request of that method and address. */
async function googleThat(answer: (method: string, url: URL) => Answer) {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    const [status, body] = answer(request.method ?? "", url);
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => void server.close());
  const credentials = {
    ...{ from: "a test", needsQuotaProject: false, isShortLived: false },
    accessToken: async () => "token",
  };
  const { port } = server.address() as AddressInfo;
  const google = new GoogleApi(credentials, "demo-unseen", `http://127.0.0.1:${port}`);
  return { google, options: { project: "demo-unseen" } };
}

test("a state that can't be seen isn't one that was never made", async () => {
  const of = async (object: number, bucket: number) => {
    const at = await googleThat((_, { pathname }) => [
      pathname.includes("/o/") ? object : bucket,
      {},
    ]);
    return await whereIsState(at);
  };
  expect(await of(200, 501)).toBe("in the bucket");
  expect(await of(404, 404)).toBe("nowhere");
  expect(await of(403, 200)).toBe("lost");
  await expect(of(501, 200)).rejects.toThrow("can't be seen");
  await expect(of(404, 501)).rejects.toThrow("can't be seen");
});

test("keys that can't be listed aren't taken for none", async () => {
  const at = await googleThat(() => [501, {}]);
  await expect(ensureKeyVersions(at, "a-ring")).rejects.toThrow("can't be listed");
});

test("a network that can't be seen isn't taken for none, nor for a changed one", async () => {
  const of = async (network: number, rules: number) => {
    const { google, options } = await googleThat((_, { pathname }) => [
      pathname.endsWith("/firewalls") ? rules : network,
      { name: "default", autoCreateSubnetworks: false },
    ]);
    const clock = { nowMs: () => 0, wait: async () => undefined };
    await removeDefaultNetwork({ google, clock, options: { ...options, yes: true } });
  };
  await of(404, 501);
  await of(200, 403);
  await expect(of(501, 200)).rejects.toThrow("can't be seen");
  await expect(of(200, 501)).rejects.toThrow("can't be listed");
});
