/** The API's description as it is served, and what isn't offered. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type MetaProcess, startMeta } from "../kit/meta-process.ts";

let meta: MetaProcess;
beforeAll(async () => {
  meta = await startMeta();
});
afterAll(async () => await meta.stop());

const get = async (path: string, headers = {}, method = "GET") =>
  await fetch(new URL(path, meta.baseUrl), { method, headers });

test("/v1/openapi.json is the committed document, compressed if that is asked for", async () => {
  const committed = JSON.parse(readFileSync("openapi/paddock.json", "utf8"));
  const plain = await get("/v1/openapi.json", { "accept-encoding": "identity" });
  expect(await plain.json()).toEqual(committed);
  expect(plain.headers.get("content-encoding")).toBeNull();
  const packed = await get("/openapi.json", { "accept-encoding": "br, gzip" });
  expect(packed.headers.get("content-encoding")).toBe("gzip");
  expect(Number(packed.headers.get("content-length"))).toBeLessThan(60_000);
  expect(await packed.json()).toEqual(committed);
  expect(packed.headers.get("etag")).not.toBe(plain.headers.get("etag"));
});

test("a client that has it gets 304, and one that wants another version 412", async () => {
  const headers = { "accept-encoding": "identity" };
  const etag = (await get("/v1/openapi.json", headers)).headers.get("etag") ?? "";
  const again = await get("/v1/openapi.json", { ...headers, "if-none-match": etag });
  expect([again.status, again.headers.get("etag"), await again.text()]).toEqual([304, etag, ""]);
  expect((await get("/v1/openapi.json", { ...headers, "if-match": '"old"' })).status).toBe(412);
});

test.each([
  ["GET", "/v1/tasks"],
  ["POST", "/databases/db_1/collections"],
  ["DELETE", "/v1/servers/srv_1"],
])("%s %s isn't offered, and says so with a code", async (method, path) => {
  const answer = await get(path, {}, method);
  expect([answer.status, await answer.json()]).toEqual([
    501,
    expect.objectContaining({
      error: "Not Implemented",
      code: "NOT_OFFERED",
      message: expect.stringMatching(/aren't offered by this deployment\.$/),
    }),
  ]);
});
