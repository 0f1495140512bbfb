/** Requests whose client is gone while its key is looked up or confirmed. */
import { once } from "node:events";
import type { Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import * as z from "zod";
import { caller, runRequest, things } from "../../test/kit/run-request.ts";
import { plainRoute } from "../../test/kit/watched-route.ts";
import { create } from "../store/documents.ts";
import { createFunctionServer } from "./function-server.ts";
import type { Exchange } from "./parse-and-read.ts";
import { action, change, query, type Route } from "./route.ts";

type Arrived = Pick<Exchange, "request" | "response">;
let server: Server;
let arrive: (exchange: Arrived) => void = () => {};

beforeAll(async () => {
  vi.stubEnv("GOOGLE_CLOUD_PROJECT", "none");
  server = createFunctionServer((request, response) => arrive({ request, response }));
  await once(server.listen(0, "127.0.0.1"), "listening");
});
afterAll(() => {
  server.close();
  vi.unstubAllEnvs();
});

async function request(method: string) {
  const { promise: arrived, resolve } = Promise.withResolvers<Arrived>();
  arrive = resolve;
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1").on(
    "error",
    () => undefined,
  );
  client.write(`${method} /v1/things HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n`);
  return { client, exchange: await arrived };
}

async function leave(client: Socket, { response }: Arrived): Promise<void> {
  const closed = once(response, "close");
  client.resetAndDestroy();
  await closed;
}

describe("INC-4 an answer that is being sent when its key is contained", () => {
  afterEach(() => void vi.useRealTimers());

  test("is cut, and its key's network was recorded when it began", async () => {
    const { client, exchange } = await request("GET");
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    const stream = async () => {
      begin();
      await once(exchange.response, "close");
    };
    const route = action({
      ...plainRoute,
      ...{ endpoint: "GET /v1/things", authenticate: "api-key", requestClass: "reads" },
      ...{ reply: { 200: "bytes" }, read: "nothing" },
      perform: async () => await Promise.resolve({ status: 200, headers: {}, stream }),
    } as Parameters<typeof action>[0]);
    const recordKeyUse = vi.fn(async () => await Promise.resolve());
    const findAgain = async () => await Promise.resolve(null);
    const running = runRequest(route, { exchange, recordKeyUse, findAgain });
    await begun;
    expect(recordKeyUse).toHaveBeenCalledOnce();
    await vi.advanceTimersByTimeAsync(6_000);
    await running;
    expect(exchange.response.destroyed).toBe(true);
    client.destroy();
  });
});

/** A route of each kind, which notes its steps and what its signal says. */
function routesNoting(steps: string[]): Record<"query" | "action" | "change", Route> {
  const stated = {
    ...plainRoute,
    authenticate: "api-key",
    requestClass: "reads",
    read: async ({ signal }: { readonly signal: AbortSignal }) => {
      steps.push(signal.aborted ? "read for nobody" : "read");
    },
  } as const;
  const answer = () => {
    steps.push("answer");
    const stream = async () => void steps.push("stream");
    return { status: 200, headers: {}, stream };
  };
  const endpoint = "GET /v1/things";
  const reply = { 200: "stream" } as const;
  return {
    query: query({ ...stated, endpoint, reply, answer }),
    action: action({ ...stated, endpoint, reply, perform: async () => answer() }),
    change: change({
      ...stated,
      endpoint: "POST /v1/things",
      reply: { 200: z.object({}) },
      account: "none",
      audit: "thing.made",
      decide: () => {
        steps.push("decide");
        const writes = [create(things.doc("a"), { name: "a" })];
        return { writes, subject: "a", reply: { status: 200, body: {} } };
      },
    }),
  };
}

describe("TEN-2 KEY-5 a request whose client is gone", () => {
  test.each([
    ["query", []],
    ["action", []],
    ["change", ["read for nobody", "decide"]],
  ] as const)("before its key was looked up is no stream, but a use: %s", async (kind, done) => {
    const steps: string[] = [];
    const route = routesNoting(steps)[kind];
    const { client, exchange } = await request(route.method);
    await leave(client, exchange);
    const uses: string[] = [];
    const recordKeyUse = async () => void uses.push(route.endpoint);
    const { rows } = await runRequest(route, { exchange, recordKeyUse });
    expect({ steps, uses, changes: rows.length }).toEqual({
      steps: done,
      uses: [route.endpoint],
      changes: kind === "change" ? 1 : 0,
    });
  });

  test.each([
    ["query", ["read"]],
    ["action", ["read"]],
    ["change", ["read", "decide"]],
  ] as const)("before its key was confirmed is no stream, but a use: %s", async (kind, done) => {
    const steps: string[] = [];
    const route = routesNoting(steps)[kind];
    const { client, exchange } = await request(route.method);
    const confirmation = Promise.withResolvers<typeof caller>();
    const uses: string[] = [];
    const recordKeyUse = async () => void uses.push(route.endpoint);
    const known = { confirmed: confirmation.promise, recordKeyUse };
    const running = runRequest(route, { exchange, ...known });
    await leave(client, exchange);
    confirmation.resolve(caller);
    await running;
    expect({ steps, uses }).toEqual({ steps: done, uses: [route.endpoint] });
  });
});
