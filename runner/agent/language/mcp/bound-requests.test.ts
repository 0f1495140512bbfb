import type { ServerResponse } from "node:http";
import { afterEach, expect, onTestFinished, test, vi } from "vitest";
import { depsWith, httpServer, serverOf } from "../../../../test/kit/mcp-servers.ts";
import type { ToolContext } from "../tools/tool.ts";
import { boundReach, boundReconnections } from "./bound-requests.ts";
import { startMcpServers } from "./mcp-servers.ts";

afterEach(() => vi.useRealTimers());

test("pauses for a second at least, and ends after a thousand", () => {
  vi.useFakeTimers();
  const schedule = boundReconnections();
  let opened = 0;
  const reopen = () => {
    opened += 1;
    schedule(reopen, 0, 0);
  };
  schedule(reopen, 0, 0);
  vi.advanceTimersByTime(999);
  expect(opened).toBe(0);
  vi.advanceTimersByTime(1);
  expect(opened).toBe(1);
  vi.advanceTimersByTime(2_000_000);
  expect(opened).toBe(1_000);
});

test("keeps a longer pause of the server's, and can be called off", () => {
  vi.useFakeTimers();
  const reopen = vi.fn();
  const schedule = boundReconnections();
  const callOff = schedule(reopen, 5_000, 0);
  schedule(reopen, 5_000, 0);
  callOff?.();
  vi.advanceTimersByTime(4_999);
  expect(reopen).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(reopen).toHaveBeenCalledOnce();
});

test("reaches a server twelve times at once, and 2,500 times in all", async () => {
  const over: (() => void)[] = [];
  let connections = 0;
  const connect = async () => {
    connections += 1;
    if (connections <= 12) await new Promise<void>((resolve) => over.push(resolve));
  };
  const reach = boundReach({ roots: null, connect }, 2);
  const ask = async () => await reach.connect({ host: "a.example", port: 443 }, async () => {});
  const held = Array.from({ length: 12 }, ask);
  await expect(ask()).rejects.toThrow("too many requests");
  for (const end of over) end();
  await Promise.all(held);
  for (let count = 12; count < 2_500; count += 1) await ask();
  await expect(ask()).rejects.toThrow("too many requests");
  expect(connections).toBe(2_500);
});

test.each([
  [8, 12],
  [25, 4],
  [100, 2],
])("gives each of %i servers %i connections", async (servers, most) => {
  const over = Promise.withResolvers<void>();
  const reach = boundReach({ roots: null, connect: () => over.promise }, servers);
  const ask = async () => await reach.connect({ host: "a.example", port: 443 }, async () => {});
  const held = Array.from({ length: most }, ask);
  await expect(ask()).rejects.toThrow("too many requests");
  over.resolve();
  await Promise.all(held);
});

const answers = new Map<unknown, object>([
  [
    "initialize",
    {
      protocolVersion: "2025-06-18",
      capabilities: { tools: {} },
      serverInfo: { name: "eager", version: "1" },
    },
  ],
  ["tools/list", { tools: [{ name: "t", inputSchema: { type: "object" } }] }],
  ["tools/call", { content: [{ type: "text", text: "done" }] }],
]);

/** A server that does so with the streams that are opened for what it has to say. */
async function serverThat(stream: (response: ServerResponse) => void) {
  return await httpServer(async (request, response) => {
    if (request.method === "GET") {
      response.writeHead(200, { "content-type": "text/event-stream" });
      return stream(response);
    }
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece);
    const { id, method } = JSON.parse(Buffer.concat(pieces).toString("utf8"));
    // It answers no answer of ours.
    if (method === undefined) return;
    const result = answers.get(method);
    const answer = result === undefined ? { error: { code: -32_601, message: "no" } } : { result };
    response.writeHead(id === undefined ? 202 : 200, { "content-type": "application/json" });
    response.end(id === undefined ? "" : JSON.stringify({ jsonrpc: "2.0", id, ...answer }));
  });
}

test("MOD-5 a server that ends its streams at once isn't asked without end", async () => {
  const { reach, requests, close } = await serverThat((response) =>
    response.end("retry: 0\nid: 1\ndata:\n\n"),
  );
  onTestFinished(close);
  const server = serverOf({ name: "s", type: "http", url: "http://mcp.example/mcp" });
  const started = await startMcpServers([server], depsWith({}, { reach }), { roomTokens: 10_000 });
  onTestFinished(() => started.close());
  const context = { remainingMs: () => 60_000, canSee: true } as ToolContext;
  // As many calls as it takes for a stream that is opened again at once to be opened often.
  for (let call = 0; call < 100; call += 1) await started.tools[0]?.run({}, context);
  const streams = requests.filter(({ method }) => method === "GET");
  expect(streams.length).toBeGreaterThan(0);
  expect(streams.length).toBeLessThan(30);
});

test("MOD-5 a server that asks a thousand things at once holds few connections", async () => {
  const ping = (id: number) => `data: {"jsonrpc":"2.0","id":${id},"method":"ping"}\n\n`;
  const { reach, asked, close } = await serverThat((response) => {
    response.write(Array.from({ length: 1_000 }, (_, id) => ping(id)).join(""));
    // What comes last is answered last.
    response.end("retry: 0\nid: 1\ndata:\n\n");
  });
  onTestFinished(close);
  const server = serverOf({ name: "s", type: "http", url: "http://mcp.example/mcp" });
  const started = await startMcpServers([server], depsWith({}, { reach }), { roomTokens: 10_000 });
  onTestFinished(() => started.close());
  const context = { remainingMs: () => 60_000, canSee: true } as ToolContext;
  // As long as its stream is read; calls are refused then, too.
  for (let call = 0; call < 100; call += 1) {
    await started.tools[0]?.run({}, context).catch(() => undefined);
  }
  expect(asked.length).toBeLessThan(150);
});
