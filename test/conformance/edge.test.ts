/** What the load balancer does, at the local edge's own port; local/edge/CONFORMANCE.md. */
import { describe, expect, test } from "vitest";
import { echo, edgeBefore, expectOurs, get, raw } from "./edge-kit.ts";

describe("routes", () => {
  test.each(["/v1/things/1", "/things/1?q=a%20b", "/v1/files/a/b.txt"])(
    "%s reaches its function as it was sent",
    async (path) => {
      const edge = await edgeBefore(echo);
      const answer = await get(edge, path);
      expect(answer).toMatchObject({ status: 200, body: { method: "GET", url: path } });
    },
  );

  test("an unknown path is 404, a known one with another method 405 with Allow", async () => {
    const edge = await edgeBefore(echo);
    const unknown = await get(edge, "/v1/nothing");
    const wrong = await get(edge, "/v1/things/1", { method: "PUT" });
    expect(unknown).toMatchObject({ status: 404, body: { code: "NOT_FOUND", error: "Not Found" } });
    expect(unknown.body.requestId).toMatch(/^req_/);
    expect(wrong).toMatchObject({ status: 405, headers: { allow: "GET, HEAD, DELETE" } });
    for (const { headers } of [unknown, wrong]) expectOurs(headers);
  });

  test("HEAD is GET without the body, wherever GET is taken", async () => {
    const edge = await edgeBefore((request, response) => {
      response.setHeader("content-length", "5");
      response.end(request.method === "HEAD" ? undefined : "hello");
    });
    const lines = "host: 127.0.0.1\r\nconnection: close\r\n\r\n";
    const ask = (path: string) => raw(edge, `HEAD ${path} HTTP/1.1\r\n${lines}`, false);
    const answers = await Promise.all(["/v1/things/1", "/v1/files/a/b.txt"].map(ask));
    for (const answer of answers) {
      expect(answer).toMatch(/^HTTP\/1.1 200 .*content-length: 5\r\n.*\r\n\r\n$/is);
    }
    expect(await ask("/v1/things")).toMatch(/^HTTP\/1.1 405 .*allow: POST\r\n/is);
  });

  test("a target in absolute form is its path, and its authority stands before Host", async () => {
    const edge = await edgeBefore(echo);
    const headers = "host: localhost\r\nconnection: close\r\n";
    const target = `http://127.0.0.1:${edge.port}/v1/things/1?q=a`;
    const answer = await raw(edge, `GET ${target} HTTP/1.1\r\n${headers}\r\n`, false);
    const seen = JSON.parse(answer.slice(answer.indexOf("{"), answer.lastIndexOf("}") + 1));
    expect(seen).toMatchObject({ method: "GET", url: "/v1/things/1?q=a" });
    expect(seen.headers.host).toBe(`127.0.0.1:${edge.port}`);
  });

  // EDG-6: no internal function can be reached from outside, nor an internal path in any spelling.
  test.each([
    "/internal/executions/claim",
    "/v1/internal/executions/claim",
    "/v1/internal/claimed-by-mistake",
    "/internal/claimed-by-mistake",
    "/%69nternal/claimed-by-mistake",
    "/v1/gateway",
    "/gateway",
  ])("EDG-6 %s doesn't exist", async (path) => {
    const edge = await edgeBefore(echo);
    for (const method of ["GET", "POST"]) {
      expect((await get(edge, path, { method })).status).toBe(404);
    }
  });

  test("a page that points a name of its own at this machine finds nothing", async () => {
    const edge = await edgeBefore(echo);
    const answer = await get(edge, "/v1/things/1", { headers: { host: "evil.example" } });
    expect(answer.status).toBe(404);
  });
});

describe("EDG-2 the limit per address", () => {
  test("is exact, counts every request, and tells when to come back", async () => {
    const edge = await edgeBefore(echo, { requestsMax: 3 });
    const first = await get(edge, "/v1/things/1");
    expect(first.headers).toMatchObject({ "ratelimit-limit": "3", "ratelimit-remaining": "2" });
    await get(edge, "/v1/nothing");
    expect((await get(edge, "/v1/things/1")).status).toBe(200);
    const refused = await get(edge, "/v1/things/1");
    expect(refused).toMatchObject({ status: 429, body: { code: "RATE_LIMITED" } });
    expect(Number(refused.headers["retry-after"])).toBeGreaterThan(890);
    expect(refused.headers).toMatchObject({ "ratelimit-remaining": "0" });
    expectOurs(refused.headers);
    const other = await get(edge, "/v1/things/1", { localAddress: "127.0.0.2" });
    expect(other.status).toBe(200);
  });

  test("under parallel requests admits not one too many", async () => {
    const edge = await edgeBefore(echo, { requestsMax: 20 });
    const all = await Promise.all(Array.from({ length: 60 }, () => get(edge, "/v1/things/1")));
    expect(all.filter(({ status }) => status === 200)).toHaveLength(20);
  });

  test("gives way to a function's own where that is tighter, and else not", async () => {
    const limits = { "ratelimit-limit": "9", "ratelimit-remaining": "2", "ratelimit-reset": "1" };
    const edge = await edgeBefore((_, response) => response.writeHead(200, limits).end("{}"), {
      requestsMax: 4,
    });
    expect((await get(edge, "/v1/things/1")).headers).toMatchObject(limits);
    await get(edge, "/v1/things/1");
    expect((await get(edge, "/v1/things/1")).headers).toMatchObject({
      "ratelimit-limit": "4",
      "ratelimit-remaining": "1",
    });
  });

  test("by default is 1,000 in 15 minutes", async () => {
    const edge = await edgeBefore(echo);
    const { headers } = await get(edge, "/v1/things/1");
    expect(headers).toMatchObject({ "ratelimit-limit": "1000", "ratelimit-reset": "900" });
  });
});

describe("headers", () => {
  test("the client's address is appended to what the client claims", async () => {
    const edge = await edgeBefore(echo);
    const plain = await get(edge, "/v1/things/1", { localAddress: "127.0.0.3" });
    expect(plain.body.headers["x-forwarded-for"]).toBe("127.0.0.3, 127.0.0.1");
    const claims = { "x-forwarded-for": "8.8.8.8", "x-forwarded-proto": "https" };
    const claimed = await get(edge, "/v1/things/1", { headers: claims });
    expect(claimed.body.headers["x-forwarded-for"]).toBe("8.8.8.8, 127.0.0.1, 127.0.0.1");
    expect(claimed.body.headers["x-forwarded-proto"]).toBe("http");
  });

  test("hop-by-hop headers and our own end here; the rest passes", async () => {
    const edge = await edgeBefore(echo);
    const headers = {
      connection: "keep-alive, x-private",
      "x-private": "1",
      "x-paddock-owner": "someone",
      te: "trailers",
      "proxy-authorization": "x",
      "x-api-key": "tb_dev_1",
    };
    const { body } = await get(edge, "/v1/things/1", { headers });
    expect(body.headers).toMatchObject({ "x-api-key": "tb_dev_1" });
    for (const name of ["x-private", "x-paddock-owner", "te", "proxy-authorization"]) {
      expect(body.headers).not.toHaveProperty(name);
    }
  });

  // EDG-7: scripts of other origins get nothing, even if a function forgets to prevent it.
  test("EDG-7 a function's answer passes with our headers added and CORS taken away", async () => {
    const edge = await edgeBefore((_, response) => {
      response.writeHead(203, { "access-control-allow-origin": "*", "x-own": "1" });
      response.end('"ok"');
    });
    const answer = await get(edge, "/v1/things/1", { headers: { origin: "https://evil.example" } });
    expect(answer).toMatchObject({ status: 203, body: "ok", headers: { "x-own": "1" } });
    expectOurs(answer.headers);
    expect((await get(edge, "/v1/things/1", { method: "OPTIONS" })).status).toBe(405);
  });

  test("a request to upgrade is answered as if it hadn't asked", async () => {
    const edge = await edgeBefore(echo);
    const upgrade = { connection: "Upgrade", upgrade: "websocket" };
    const { status, body } = await get(edge, "/v1/things/1", { headers: upgrade });
    expect(status).toBe(200);
    expect(body.headers).not.toHaveProperty("upgrade");
  });
});

describe("what isn't a request of ours", () => {
  const host = "host: 127.0.0.1\r\n";
  test.each([
    ["an absolute URI", `GET http://evil.example/v1/things/1 HTTP/1.1\r\n${host}\r\n`, 400],
    [
      "an absolute URI with a name in it",
      `GET http://a@127.0.0.1/v1/things/1 HTTP/1.1\r\n${host}\r\n`,
      400,
    ],
    ["an asterisk", `OPTIONS * HTTP/1.1\r\n${host}\r\n`, 400],
    ["a tunnel", `CONNECT evil.example:443 HTTP/1.1\r\n${host}\r\n`, 400],
    ["a broken escape", `GET /v1/things/%zz HTTP/1.1\r\n${host}\r\n`, 400],
    ["a backslash", `GET /v1\\things HTTP/1.1\r\n${host}\r\n`, 400],
    ["no host", "GET /v1/things/1 HTTP/1.1\r\n\r\n", 400],
    ["two hosts", `GET /v1/things/1 HTTP/1.1\r\n${host}${host}\r\n`, 400],
    ["not HTTP", "hello\r\n\r\n", 400],
    ["a huge header", `GET / HTTP/1.1\r\n${host}x: ${"x".repeat(17_000)}\r\n\r\n`, 431],
    ["too many headers", `GET / HTTP/1.1\r\n${host}${"x: y\r\n".repeat(120)}\r\n`, 431],
    ["a huge URL", `GET /${"x".repeat(9_000)} HTTP/1.1\r\n${host}\r\n`, 431],
  ])("%s is refused in our own form", async (_, bytes, status) => {
    const edge = await edgeBefore(echo);
    const answer = await raw(edge, bytes.replace("\r\n\r\n", "\r\nconnection: close\r\n\r\n"));
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer.toLowerCase()).toContain("strict-transport-security: max-age=63072000");
    expect(JSON.parse(answer.slice(answer.indexOf("{")))).toHaveProperty("requestId");
  });

  test.each([
    ["two ways to tell the length", "content-length: 4\r\ntransfer-encoding: chunked"],
    ["two lengths", "content-length: 4\r\ncontent-length: 40"],
    ["an unknown coding", "transfer-encoding: xchunked"],
    ["a coding after chunked", "transfer-encoding: chunked, identity"],
    ["a bare line feed", "x: y\ncontent-length: 4"],
    ["a blank before the colon", "content-length : 4"],
  ])("%s is never forwarded", async (_, headers) => {
    let forwarded = 0;
    const edge = await edgeBefore((request, response) => {
      forwarded += 1;
      echo(request, response);
    });
    const smuggled = "0\r\n\r\nDELETE /v1/things/2 HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n";
    const answer = await raw(
      edge,
      `POST /v1/things HTTP/1.1\r\n${host}${headers}\r\n\r\n${smuggled}`,
    );
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
    expect(forwarded).toBe(0);
  });
});
