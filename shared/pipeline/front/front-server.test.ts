import { once } from "node:events";
import { mkdtempSync, writeFileSync } from "node:fs";
import { request as ask, createServer, type RequestListener, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ApiError } from "../../errors/api-error.ts";
import { securityHeaders } from "../headers.ts";
import { createFront, type Front } from "./front-server.ts";
import { type Side, servedRoutes } from "./served-routes.ts";

const route = (method: string, path: string, authenticate = "api-key") => ({
  method,
  paths: [`/v1${path}`, path],
  authenticate,
});
const listPath = join(mkdtempSync(join(tmpdir(), "paddock-front-")), "functions.json");
writeFileSync(
  listPath,
  JSON.stringify({
    functions: {
      things: {
        visibility: "edge",
        routes: [
          route("GET", "/things/:id"),
          route("POST", "/things"),
          route("GET", "/internal/x"),
        ],
      },
      gateway: { visibility: "internal", routes: [route("POST", "/internal/claim", "runner")] },
      sweeps: { visibility: "internal", routes: [route("POST", "/internal/sweep", "scheduler")] },
    },
  }),
);

const open: Server[] = [];
// What it refuses, it logs.
beforeEach(() => void vi.spyOn(process.stdout, "write").mockReturnValue(true));
afterEach(() => {
  vi.restoreAllMocks();
  for (const server of open.splice(0)) server.close().closeAllConnections();
});

async function listening(server: Server): Promise<number> {
  open.push(server);
  await once(server.listen(0, "127.0.0.1"), "listening");
  return Number(Object(server.address()).port);
}

/** A function that answers with what it received. */
const echo: RequestListener = async (request, response) => {
  const { method, url, headers } = request;
  response.end(JSON.stringify({ method, url, headers, body: await text(request) }));
};

async function frontBefore(
  listener: RequestListener,
  given: Partial<Front> = {},
  side: Side = "edge",
): Promise<number> {
  const port = await listening(createServer(listener));
  const front = createFront({
    routes: servedRoutes(side, listPath),
    urlOf: () => `http://127.0.0.1:${port}`,
    tokenFor: async (url) => `token-for-${url}`,
    perAddress: null,
    now: () => performance.now(),
    ...given,
  });
  return await listening(front);
}

interface Sent {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
}

async function send(port: number, path: string, { body, ...options }: Sent = {}) {
  const sent = ask({ host: "127.0.0.1", port, path, agent: false, ...options });
  sent.on("error", () => undefined);
  const [answer] = await once(sent.end(body), "response");
  return { status: answer.statusCode, headers: answer.headers, body: await text(answer) };
}

describe("a request", () => {
  test("reaches its function as it came, with the caller's own credential", async () => {
    const port = await frontBefore(echo);
    const headers = { authorization: "Bearer tb_prod_x", "x-forwarded-for": "6.6.6.6, 192.0.2.1" };
    const { status, body } = await send(port, "/v1/things?q=1%202", {
      method: "POST",
      headers,
      body: "hello",
    });
    expect(status).toBe(200);
    const seen = JSON.parse(body);
    expect(seen).toMatchObject({ method: "POST", url: "/v1/things?q=1%202", body: "hello" });
    expect(seen.headers).toMatchObject(headers);
  });

  test("carries our token for that function, and no other one that a client sends", async () => {
    const port = await frontBefore(echo);
    const headers = {
      "X-Serverless-Authorization": "Bearer theirs",
      "X-Paddock-Owner": "somebody",
    };
    const { body } = await send(port, "/v1/things/1", { headers });
    const seen = JSON.parse(body).headers;
    expect(seen["x-serverless-authorization"]).toMatch(/^Bearer token-for-http:\/\/127/);
    expect(seen["x-paddock-owner"]).toBeUndefined();
  });

  test("can't name what we say of it as headers of its connection", async () => {
    const port = await frontBefore(echo);
    const chain = "6.6.6.6, 192.0.2.1";
    const headers = {
      connection: "close, X-Forwarded-For, X-Serverless-Authorization",
      "x-forwarded-for": chain,
    };
    const { body } = await send(port, "/v1/things/1", { headers });
    const seen = JSON.parse(body).headers;
    expect(seen["x-forwarded-for"]).toBe(chain);
    expect(seen["x-serverless-authorization"]).toMatch(/^Bearer token-for-http:/);
  });

  test("is refused, and reaches nobody, without a token for its function", async () => {
    let calls = 0;
    const port = await frontBefore(
      (_, response) => {
        calls += 1;
        response.end();
      },
      { tokenFor: async () => Promise.reject(new ApiError("UNAVAILABLE")) },
    );
    expect((await send(port, "/v1/things/1")).status).toBe(503);
    expect(calls).toBe(0);
  });

  test("gets its answer piece by piece", async () => {
    let finish: () => void = () => undefined;
    const port = await frontBefore((_, response) => {
      response.write("first ");
      finish = () => void response.end("last");
    });
    const sent = ask({ host: "127.0.0.1", port, path: "/v1/things/1", agent: false }).end();
    const [answer] = await once(sent, "response");
    const [piece] = await once(answer, "data");
    expect(String(piece)).toBe("first ");
    finish();
    expect(await text(answer)).toBe("last");
  });

  test("isn't passed on with a body over 32 MiB, announced or not", async () => {
    const port = await frontBefore(echo);
    const announced = { "content-length": String(32 * 1024 * 1024 + 1) };
    const sent = ask({
      host: "127.0.0.1",
      port,
      path: "/v1/things",
      method: "POST",
      headers: announced,
    });
    sent.on("error", () => undefined).flushHeaders();
    const [answer] = await once(sent, "response");
    expect(answer.statusCode).toBe(413);
    sent.destroy();
  });

  test("is answered by us in our own form where no function does", async () => {
    const port = await frontBefore((request) => request.socket.destroy());
    const down = await send(port, "/v1/things/1");
    expect(down).toMatchObject({
      status: 503,
      headers: { "retry-after": "1", ...securityHeaders },
    });
    const unknown = await send(port, "/v1/nothing");
    expect(unknown).toMatchObject({ status: 404, headers: securityHeaders });
    const wrong = await send(port, "/v1/things/1", { method: "POST" });
    expect(wrong).toMatchObject({ status: 405, headers: { allow: "GET, HEAD" } });
    expect((await send(port, "/v1/%zz")).status).toBe(400);
  });
});

describe("EDG-6 sides", () => {
  const outside = ["/internal/claim", "/v1/internal/claim", "/%69nternal/claim", "/internal/x"];
  test.each(outside)("%s doesn't exist for clients", async (path) => {
    const port = await frontBefore(echo);
    for (const method of ["GET", "POST"]) {
      expect((await send(port, path, { method })).status).toBe(404);
    }
  });

  test("runners reach what they call, not what Scheduler or clients call", async () => {
    const port = await frontBefore(echo, {}, "gateways");
    const post = async (path: string) => (await send(port, path, { method: "POST" })).status;
    expect(await post("/v1/internal/claim")).toBe(200);
    expect(await post("/internal/sweep")).toBe(404);
    expect(await post("/v1/things")).toBe(404);
  });
});

describe("EDG-2 the limit per address", () => {
  const perAddress = { max: 2, windowMs: 900_000 };
  const from = async (port: number, chain: string) =>
    await send(port, "/v1/things/1", { headers: { "x-forwarded-for": chain } });

  test("counts by the address that Google's front end saw, whatever the client wrote", async () => {
    const port = await frontBefore(echo, { perAddress });
    const first = await from(port, "1.1.1.1, 192.0.2.1");
    expect(first.headers).toMatchObject({ "ratelimit-limit": "2", "ratelimit-remaining": "1" });
    expect((await from(port, "2.2.2.2, 192.0.2.1")).status).toBe(200);
    const refused = await from(port, "3.3.3.3, 192.0.2.1");
    expect(refused.status).toBe(429);
    expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);
    expect((await from(port, "3.3.3.3, 192.0.2.2")).status).toBe(200);
  });

  test("counts all addresses of a client's network of IPv6 as one", async () => {
    const port = await frontBefore(echo, { perAddress: { max: 1, windowMs: 900_000 } });
    expect((await from(port, "2001:db8:1:2::1")).status).toBe(200);
    expect((await from(port, "2001:db8:1:2::2")).status).toBe(429);
  });

  test("counts what no route matches, too", async () => {
    const port = await frontBefore(echo, { perAddress: { max: 1, windowMs: 900_000 } });
    const headers = { "x-forwarded-for": "192.0.2.1" };
    expect((await send(port, "/v1/nothing", { headers })).status).toBe(404);
    expect((await from(port, "192.0.2.1")).status).toBe(429);
  });
});
