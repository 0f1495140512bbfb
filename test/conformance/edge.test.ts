/** What the load balancer does, at the local edge's own port; local/edge/CONFORMANCE.md. */
import { once } from "node:events";
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from "node:http";
import { type AddressInfo, connect } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, test } from "vitest";
import { routeTable } from "../../local/edge/route-table.ts";
import { type Edge, type EdgeLimits, startEdge } from "../../local/edge/server.ts";
import { Manifest } from "../../local/functions/manifest.ts";
import { until } from "../../local/run/until.ts";
import { securityHeaders } from "../../shared/pipeline/headers.ts";

const route = (method: string, path: string) => ({ method, path, paths: [`/v1${path}`, path] });
const manifest = Manifest.parse({
  functions: {
    things: {
      visibility: "edge",
      bundle: "functions/things.cjs",
      routes: [
        route("GET", "/things/:id"),
        route("POST", "/things"),
        route("DELETE", "/things/:id"),
        route("GET", "/files/*"),
        route("POST", "/internal/claimed-by-mistake"),
      ],
    },
    gateway: {
      visibility: "internal",
      bundle: "functions/gateway.cjs",
      routes: [route("POST", "/internal/executions/claim"), route("GET", "/gateway")],
    },
  },
});

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function upstream(listener: RequestListener): Promise<Server> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  open.push({ close: () => server.close() && server.closeAllConnections() });
  return server;
}

const portOf = (server: Server) =>
  Number(Object(server.address()).port satisfies AddressInfo["port"]);

async function edgeBefore(listener: RequestListener, limits: Partial<EdgeLimits> = {}) {
  const port = portOf(await upstream(listener));
  return edgeTo(() => port, limits);
}

async function edgeTo(
  portOfName: (name: string) => number | null,
  limits: Partial<EdgeLimits> = {},
) {
  const edge = await startEdge({ routes: routeTable(manifest), portOf: portOfName, limits });
  open.push(edge);
  return edge;
}

const echo: RequestListener = async (request, response) => {
  const body = await text(request).catch(() => "cut off");
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ ...seen(request), body }));
};
const seen = ({ method, url, headers }: IncomingMessage) => ({ method, url, headers });

const at = (edge: Edge, path: string) => `http://127.0.0.1:${edge.port}${path}`;

interface Sent {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly localAddress?: string;
}

/** fetch forbids some of the headers that matter here. */
async function get(edge: Edge, path: string, options: Sent = {}) {
  const request = httpRequest({
    host: "127.0.0.1",
    port: edge.port,
    path,
    agent: false,
    ...options,
  });
  const [answer] = await once(request.end(), "response");
  return {
    status: answer.statusCode,
    headers: answer.headers,
    body: JSON.parse(await text(answer)),
  };
}

/** Bytes as they are, for what no client would send. */
async function raw(edge: Edge, bytes: string): Promise<string> {
  const socket = connect(edge.port, "127.0.0.1");
  socket.end(bytes);
  return text(socket);
}

function expectOurs(headers: Record<string, unknown> | Headers) {
  const plain = headers instanceof Headers ? Object.fromEntries(headers) : headers;
  expect(plain).toMatchObject(securityHeaders);
  expect(Object.keys(plain).filter((name) => name.startsWith("access-control"))).toEqual([]);
}

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
    expect(wrong).toMatchObject({ status: 405, headers: { allow: "GET, DELETE" } });
    for (const { headers } of [unknown, wrong]) expectOurs(headers);
  });

  // EDG-6: internal functions aren't reachable from outside, nor is an internal path, however spelt.
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

  // EDG-7: scripts of other sites get nothing, even if a function forgot itself.
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

describe("bodies", () => {
  const upload = (edge: Edge, headers: Record<string, string>) =>
    httpRequest({
      host: "127.0.0.1",
      port: edge.port,
      path: "/v1/things",
      method: "POST",
      headers,
    });

  test("announced over the limit are refused before they are sent", async () => {
    const edge = await edgeBefore(echo);
    const length = String(32 * 1024 * 1024 + 1);
    const request = upload(edge, { "content-length": length, expect: "100-continue" });
    let asked = false;
    request.on("continue", () => (asked = true));
    request.flushHeaders();
    const [answer] = await once(request, "response");
    expect(answer.statusCode).toBe(413);
    expectOurs(answer.headers);
    expect(asked).toBe(false);
    request.destroy();
  });

  test("that turn out over the limit are cut off", async () => {
    const edge = await edgeBefore(echo, { bodyBytesMax: 100_000 });
    const request = upload(edge, {});
    request.on("error", () => undefined);
    request.write("x".repeat(60_000));
    request.write("x".repeat(60_000));
    const [answer] = await once(request, "response");
    expect(answer.statusCode).toBe(413);
    request.destroy();
  });

  test("are asked for and passed on when they will be read", async () => {
    const edge = await edgeBefore(echo);
    const request = upload(edge, { "content-length": "5", expect: "100-continue" });
    request.flushHeaders();
    await once(request, "continue");
    const [answer] = await once(request.end("hello"), "response");
    expect(JSON.parse(await text(answer))).toMatchObject({ body: "hello" });
  });

  test("of unknown length pass, and a DELETE without one has none", async () => {
    const edge = await edgeBefore(echo);
    const request = upload(edge, {});
    request.write("a");
    const [answer] = await once(request.end("b"), "response");
    expect(JSON.parse(await text(answer))).toMatchObject({ body: "ab" });
    const none = await get(edge, "/v1/things/1", { method: "DELETE" });
    expect(none.body.body).toBe("");
    expect(none.body.headers).not.toHaveProperty("transfer-encoding");
  });

  // A forged key is answered before its body is read: that answer must not get lost.
  test("an answer that comes before the body has been taken reaches the client", async () => {
    const server = await upstream(() => undefined);
    server.on("checkContinue", (_, response) => {
      response.writeHead(401, { connection: "close" });
      response.end('"no"');
    });
    const edge = await edgeTo(() => portOf(server));
    const statuses = new Set<number>();
    for (let round = 0; round < 20; round += 1) {
      const length = 8 * 1024 * 1024;
      const request = upload(edge, { "content-length": String(length) });
      request.on("error", () => undefined);
      request.end(Buffer.alloc(length));
      const [answer] = await once(request, "response");
      statuses.add(answer.statusCode);
      request.destroy();
    }
    expect([...statuses]).toEqual([401]);
  });
});

describe("streams", () => {
  test("arrive as they are written, and end upstream when the client leaves", async () => {
    let closed = false;
    const edge = await edgeBefore((_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("data: 1\n\n");
      response.once("close", () => (closed = true));
    });
    const gone = new AbortController();
    const answer = await fetch(at(edge, "/v1/things/1"), { signal: gone.signal });
    const first = await answer.body?.getReader().read();
    expect(Buffer.from(first?.value ?? []).toString()).toBe("data: 1\n\n");
    expect(closed).toBe(false);
    gone.abort();
    expect(await until(() => closed, 2_000)).toBe(true);
  });

  test("wait for a slow reader instead of filling memory", async () => {
    let written = 0;
    const chunk = Buffer.alloc(64 * 1024);
    const total = 64 * 1024 * 1024;
    const edge = await edgeBefore(async (_, response) => {
      for (; written < total && !response.destroyed; written += chunk.length) {
        if (!response.write(chunk)) await once(response, "drain");
      }
      response.end();
    });
    const request = httpRequest({ host: "127.0.0.1", port: edge.port, path: "/v1/things/1" }).end();
    const [answer] = await once(request, "response");
    let before = -1;
    const stalled = () => {
      const same = written === before;
      before = written;
      return same && written > 0;
    };
    expect(await until(stalled, 5_000)).toBe(true);
    expect(written).toBeLessThan(total / 2);
    let read = 0;
    for await (const part of answer) read += part.length;
    expect(read).toBe(total);
  });

  test("are cut at the balancer's limit", async () => {
    const edge = await edgeBefore((_, response) => void response.write("x"), {
      exchangeMsMax: 200,
    });
    const answer = await fetch(at(edge, "/v1/things/1"));
    await expect(answer.text()).rejects.toThrow();
  });

  test("that break off upstream don't look complete", async () => {
    const edge = await edgeBefore((_, response) => {
      response.write("half", () => response.destroy());
    });
    const answer = await fetch(at(edge, "/v1/things/1"));
    await expect(answer.text()).rejects.toThrow();
  });
});

describe("a function that is down", () => {
  test.each([
    ["not there", () => null],
    ["not listening", () => 1],
  ])("%s answers 503 with Retry-After", async (_, port) => {
    const edge = await edgeTo(port);
    const answer = await get(edge, "/v1/things/1");
    expect(answer).toMatchObject({ status: 503, body: { code: "UNAVAILABLE" } });
    expect(answer.headers["retry-after"]).toBe("1");
    expectOurs(answer.headers);
  });

  test("hanging up without an answer is a 503 too, and the edge lives on", async () => {
    const edge = await edgeBefore((request) => void request.socket.destroy());
    expect((await get(edge, "/v1/things/1")).status).toBe(503);
    expect((await get(edge, "/v1/things/1")).status).toBe(503);
  });
});
