// @module-tag slow
/** Servers that have, send and ask more than the supervisor's time and memory allow for. */
import { expect, onTestFinished, test } from "vitest";
import {
  depsWith,
  failure,
  httpServer,
  type LineServer,
  result,
  rudeServer,
  serverOf,
} from "../../../../test/kit/mcp-servers.ts";
import type { ToolContext } from "../tools/tool.ts";
import { type McpDeps, startMcpServers } from "./mcp-servers.ts";
import { passableSchema } from "./tool-schema.ts";

const tool = { name: "a", inputSchema: { type: "object" } };
const many = (count: number) => Array.from({ length: count }, () => tool);
const times = { startMs: 20_000, probeMs: 500, callMs: 300 };

async function start(program: LineServer, changes: Partial<McpDeps> = {}) {
  const deps = depsWith({ rude: program }, changes);
  const servers = [serverOf({ name: "rude" })];
  const started = await startMcpServers(servers, deps, { roomTokens: 10_000, times });
  onTestFinished(() => started.close());
  return started;
}

test("MOD-5 of thousands of tools of one name a hundred are looked at", async () => {
  let looks = 0;
  const redact = (text: string) => {
    looks += 1;
    return text;
  };
  const { tools, leftOut } = await start(rudeServer(many(3_000)), { redact });
  expect([tools.length, leftOut]).toEqual([100, 2_900]);
  expect(new Set(tools.map(({ spec }) => spec.name)).size).toBe(100);
  expect(looks).toBeLessThan(1_000);
});

test("MOD-5 a server that lists megabytes isn't used", async () => {
  const { tools, faults } = await start(rudeServer(many(100_000)));
  expect([tools.length, faults.length]).toEqual([0, 1]);
});

test("MOD-5 pages over HTTP count together", async () => {
  let page = 0;
  const { reach, close } = await httpServer(async (request, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece);
    const { id, method } = JSON.parse(Buffer.concat(pieces).toString("utf8") || "{}");
    page += Number(method === "tools/list");
    const list = result(id, { tools: many(3_000), nextCursor: `${page}` });
    const [other = "{}"] = rudeServer([])({ id, method });
    response.writeHead(id === undefined ? 202 : 200, { "content-type": "application/json" });
    response.end(id === undefined ? "" : method === "tools/list" ? list : other);
  });
  onTestFinished(close);
  const server = serverOf({ name: "s", type: "http", url: "http://mcp.example/mcp" });
  const started = await startMcpServers([server], depsWith({}, { reach }), {
    roomTokens: 10_000,
    times,
  });
  onTestFinished(() => started.close());
  expect([started.tools.length, started.faults.length]).toEqual([0, 1]);
  expect(page).toBeLessThan(18);
});

test.each([
  ["often", 1, 20_000],
  ["at length", "x".repeat(1_000_000), 20],
])("MOD-5 a program that asks %s and reads nothing is ended", async (_how, id, count) => {
  const answered = Promise.withResolvers<null>();
  let answers = 0;
  const ping = Buffer.from(`${JSON.stringify({ jsonrpc: "2.0", id, method: "ping" })}\n`);
  const rude = rudeServer([tool]);
  const { tools } = await start(rude, {
    serve: (_call, onOutput) => ({
      ended: answered.promise,
      write(piece) {
        if (piece.length === 0) return answered.resolve(null);
        const line = JSON.parse(Buffer.from(piece).toString("utf8"));
        if (line.method === undefined) answers += 1;
        else for (const said of rude(line)) setImmediate(() => onOutput(Buffer.from(said ?? "")));
        if (line.method !== "tools/list") return;
        setImmediate(() => {
          for (let asked = 0; asked < count; asked += 1) onOutput(ping);
        });
      },
    }),
  });
  expect(tools).toHaveLength(1);
  expect(await answered.promise).toBeNull();
  expect(answers).toBeLessThan(count);
});

test.each(["{}", "1", "[]"])(
  "MOD-5 an answer of a million values isn't read: %s",
  async (value) => {
    const content = Array(1_000_000).fill(value).join(",");
    const answer = (id: unknown) =>
      `{"jsonrpc":"2.0","id":${id},"result":{"content":[${content}]}}\n`;
    const { tools } = await start(rudeServer([tool], answer));
    const context = { remainingMs: () => 60_000, canSee: true } as ToolContext;
    const failure = await tools[0]?.run({}, context).catch((error: unknown) => error);
    expect(String(Object(failure).sentence)).toContain("failed");
  },
);

test.each(["answer", "refusal"])(
  "MOD-5 what a server says is redacted in pieces, since it may grow: %s",
  async (what) => {
    const long = "x".repeat(1_000_000);
    const answers: Readonly<Record<string, (id: unknown) => string>> = {
      answer: (id) => result(id, { content: [{ type: "text", text: long }] }),
      refusal: (id) => failure(id, long),
    };
    const lengths: number[] = [];
    const redact = (said: string) => {
      lengths.push(said.length);
      return said;
    };
    const { tools } = await start(rudeServer([tool], answers[what]), { redact });
    const context = { remainingMs: () => 60_000, canSee: true } as ToolContext;
    await tools[0]?.run({}, context).catch((error: unknown) => error);
    expect(Math.max(...lengths)).toBeGreaterThan(10_000);
    expect(Math.max(...lengths)).toBeLessThan(100_000);
  },
);

test("MOD-5 what a provider refuses a request for isn't in a schema", () => {
  const schema = {
    type: "object",
    anyOf: [{ required: ["a"] }, { required: ["b"] }],
    enum: ["x"],
    properties: {
      any: { type: "array" },
      pair: { type: "array", items: [{ type: "string" }, { type: "number" }] },
      one: { type: "array", items: { type: "string" } },
      choice: { anyOf: [{ type: "string" }, { type: "array", items: true }] },
      empty: { type: "string", enum: ["", "x"] },
      mixed: { type: ["string", "null"], enum: ["x", null] },
      number: { type: "integer", enum: ["1"] },
      text: { type: "string", enum: ["x", "y", "x"] },
      a: { type: "string", minLength: -1, maxLength: 1.5 },
      b: { type: "number" },
    },
    required: ["toString", "constructor", "a", "a", "c"],
  };
  expect(passableSchema(schema, (text) => text)).toEqual({
    type: "object",
    properties: {
      any: { type: "array", items: {} },
      pair: { type: "array", items: {} },
      one: { type: "array", items: { type: "string" } },
      choice: { anyOf: [{ type: "string" }, { type: "array", items: {} }] },
      empty: { type: "string" },
      mixed: {},
      number: { type: "integer" },
      text: { type: "string", enum: ["x", "y"] },
      a: { type: "string" },
      b: { type: "number" },
    },
    required: ["a"],
  });
});
