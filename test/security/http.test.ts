/** What RFC 9110 and 9112 allow any client is answered like its simplest form. */
import { once } from "node:events";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { beforeAll, describe, expect, test } from "vitest";
import { multipart, send } from "../kit/client.ts";
import { cloud } from "../kit/cloud.ts";
import { newEnvironment, newOwner } from "../kit/owners.ts";
import { ask, expectRefusal } from "./support/refusals.ts";
import { keyRoutes, publicRoutes } from "./support/table.ts";

let key: string;
let filePath: string;
beforeAll(async () => {
  ({ key } = await newOwner({ creditUsd: 0 }));
  const environmentId = await newEnvironment(key);
  const files = `/v1/environments/${environmentId}/files`;
  const form = multipart({ name: "a.txt", bytes: "0123456789" });
  await send(`${files}/upload`, { key, method: "POST", ...form });
  filePath = `${files}/a.txt`;
});

const lengthOf = (answer: { headers: Record<string, unknown> }) => answer.headers["content-length"];
const typeOf = (answer: { headers: Record<string, unknown> }) => answer.headers["content-type"];

describe("HEAD", () => {
  const gets = [...keyRoutes, ...publicRoutes].filter(({ method }) => method === "GET");

  test.each(gets)("$title is answered as GET, without the body", async (route) => {
    const get = await ask(route, { key });
    const head = await ask(route, { key, method: "HEAD" });
    expect([head.status, typeOf(head), head.text]).toEqual([get.status, typeOf(get), ""]);
  });

  test("of a file says its length, its name and its range", async () => {
    const head = await send(filePath, { key, method: "HEAD" });
    const get = await send(filePath, { key });
    const { "x-request-id": _one, date: _day, ...same } = get.headers;
    expect(head).toMatchObject({ status: 200, text: "", headers: { "content-length": "10" } });
    for (const name of ["etag", "content-disposition", "accept-ranges"]) {
      expect(head.headers[name]).toBe(same[name]);
    }
    // Only GET has ranges (RFC 9110, 14.2).
    const part = await send(filePath, { key, method: "HEAD", headers: { range: "bytes=2-4" } });
    expect([part.status, lengthOf(part), part.text]).toEqual([200, "10", ""]);
  });

  test("needs the key and the scope that GET needs, and isn't taken elsewhere", async () => {
    expect((await send("/v1/agents", { method: "HEAD" })).status).toBe(401);
    const head = await send("/v1/threads/thread_x/cancel", { key, method: "HEAD" });
    expect([head.status, head.headers.allow]).toEqual([405, "POST"]);
  });
});

describe("a credential", () => {
  test.each(["Bearer  ", "bearer ", "BEARER    "])("behind %j is taken", async (scheme) => {
    const headers = { authorization: `${scheme}${key}` };
    expect((await send("/v1/agents", { headers })).status).toBe(200);
  });

  test.each(["Bearer", "Bearer\t", "Bearer,"])("behind %j isn't", async (scheme) => {
    const headers = { authorization: `${scheme}${key}` };
    expectRefusal(await send("/v1/agents", { headers }), 401, "UNAUTHORIZED");
  });
});

describe("a body", () => {
  const json = { "content-type": "application/json" };

  test.each(["gzip", "br", "deflate", "identity, gzip", "Zstd"])(
    "encoded as %s is refused by its encoding",
    async (encoding) => {
      const raw = gzipSync(JSON.stringify({ name: "a", model: "shell" }));
      const headers = { ...json, "content-encoding": encoding };
      const answer = await send("/v1/agents", { key, raw, headers });
      expectRefusal(answer, 415, "UNSUPPORTED_MEDIA_TYPE");
      expect(answer.headers["accept-encoding"]).toBe("identity");
      expect(answer.json.message).toContain("Content-Encoding");
    },
  );

  test("encoded as identity is as it is", async () => {
    const raw = JSON.stringify({ name: "a", model: "shell" });
    const headers = { ...json, "content-encoding": "identity" };
    expect((await send("/v1/agents", { key, raw, headers })).status).toBe(201);
  });

  test.each([
    ["of a length", json],
    ["in chunks", { ...json, "transfer-encoding": "chunked" }],
    ["of no type", {}],
  ])("of a GET means nothing: %s", async (_what, headers) => {
    const plain = await send("/v1/agents", { key });
    const answer = await send("/v1/agents", { key, method: "GET", raw: "{}", headers });
    expect([answer.status, answer.json.object]).toEqual([200, plain.json.object]);
    expect((await send(filePath, { key, method: "GET", raw: "{}", headers })).text).toBe(
      "0123456789",
    );
  });

  test("of a GET that is large is refused all the same", async () => {
    const raw = "x".repeat(70_000);
    const answer = await send("/v1/agents", { key, method: "GET", raw });
    expectRefusal(answer, 413, "PAYLOAD_TOO_LARGE");
  });
});

describe("a target in absolute form", () => {
  async function get(target: string, host: string): Promise<string> {
    const socket = connect(Number(new URL(cloud().baseUrl).port), "127.0.0.1").on(
      "error",
      () => undefined,
    );
    await once(socket, "connect");
    socket.write(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    return await text(socket);
  }

  test.each(["/v1/health", "/health?x=1"])("is its path: %s", async (path) => {
    const { host } = new URL(cloud().baseUrl);
    expect(await get(`http://${host}${path}`, host)).toMatch(/^HTTP\/1.1 200 /);
  });

  test("of another host is refused", async () => {
    const { host } = new URL(cloud().baseUrl);
    expect(await get("http://evil.test/v1/health", host)).toMatch(/^HTTP\/1.1 400 /);
  });
});
