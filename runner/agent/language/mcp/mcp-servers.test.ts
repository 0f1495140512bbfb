// @module-tag slow
/** MCP servers are used as far as they work; whatever they do, the run goes on. */
import { describe, expect, onTestFinished, test } from "vitest";
import { planRedaction } from "#shared/core/redaction/plan";
import { redact } from "#shared/core/redaction/redaction";
import {
  depsWith,
  echoServer,
  failure,
  httpHandler,
  httpServer,
  type LineServer,
  type Programs,
  result,
  rudeServer,
  serverOf,
} from "../../../../test/kit/mcp-servers.ts";
import type { Tool, ToolContext } from "../tools/tool.ts";
import { agentTools } from "../tools/tools.ts";
import { type McpDeps, startMcpServers } from "./mcp-servers.ts";

const times = { startMs: 20_000, probeMs: 500, callMs: 300 };
const room = { roomTokens: 10_000, times };

async function start(
  servers: Parameters<typeof startMcpServers>[0],
  deps: McpDeps,
  options: Parameters<typeof startMcpServers>[2] = room,
) {
  const started = await startMcpServers(servers, deps, options);
  onTestFinished(() => started.close());
  return started;
}

const context = { remainingMs: () => 60_000, canSee: true } as ToolContext;

async function call(tool: Tool | undefined, input: object): Promise<string> {
  if (tool === undefined) return "no tool";
  try {
    const { content } = await tool.run({ ...input }, context);
    return content.map((part) => (part.type === "text" ? part.text : part.type)).join("|");
  } catch (error) {
    return String(Object(error).sentence);
  }
}

const patient = { roomTokens: 10_000, times: { startMs: 30_000, probeMs: 10_000, callMs: 10_000 } };

describe("servers of the protocol's own library", () => {
  test("are used inside and over HTTP, and the token is in a header alone", async () => {
    const { reach, requests, asked, close } = await httpServer(httpHandler(() => echoServer()));
    onTestFinished(close);
    const url = "http://mcp.example/mcp";
    const servers = [
      serverOf({ name: "inside" }),
      serverOf({ name: "outside", type: "http", url, bearerToken: "the-token" }),
    ];
    const deps = depsWith({ inside: () => echoServer() }, { reach });
    const { tools, faults } = await start(servers, deps, patient);
    expect(faults).toEqual([]);
    expect(tools.map(({ spec }) => spec.name)).toEqual(["mcp__inside__echo", "mcp__outside__echo"]);
    for (const tool of tools) expect(await call(tool, { text: "hello" })).toBe("hello");
    expect(new Set(asked)).toEqual(new Set(["mcp.example:80"]));
    expect(requests.every(({ headers }) => headers.authorization === "Bearer the-token")).toBe(
      true,
    );
    // The newest revision is spoken with a server that knows it.
    expect(requests.at(-1)?.headers["mcp-protocol-version"]).toBe("2026-07-28");
  });

  test("are used twenty at once, each tool under a name of its own", async () => {
    const names = Array.from({ length: 20 }, (_, index) => (index < 10 ? "a b" : `s${index}`));
    const servers = names.map((name) => serverOf({ name, command: "echo" }));
    const deps = depsWith({ echo: () => echoServer(["bash", "a__b", "a_b"]) });
    const { tools, faults, leftOut } = await start(servers, deps, patient);
    const used = tools.map(({ spec }) => spec.name);
    expect([faults, used.length, leftOut]).toEqual([[], 60, 0]);
    expect(new Set([...used, ...agentTools.map(({ spec }) => spec.name)]).size).toBe(66);
    expect(used.every((name) => /^mcp__[A-Za-z0-9_-]{1,59}$/.test(name))).toBe(true);
  });
});

const tool = { name: "t", description: "Does it.", inputSchema: { type: "object" } };
const text = (id: unknown, said: string) => result(id, { content: [{ type: "text", text: said }] });

describe("MOD-5 a server that can't be used", () => {
  const programs: Programs = {
    silent: (_line) => [],
    gone: (_line) => [null],
    babbling: (_line) => ["this is no JSON\n", '{"jsonrpc":"2.0"}\n', "[]\n", "\u0000\n"],
    endless: (_line) => ["x".repeat(9 * 1024 * 1024)],
    lying: ({ id }) => [result(id, { tools: 7, protocolVersion: "1900-01-01" })],
    paging: ({ id, method }) =>
      method === "tools/list"
        ? [result(id, { tools: [tool], nextCursor: `${Math.random()}` })]
        : rudeServer([])({ id, method }),
  };
  test.each([...Object.keys(programs), "missing"])("costs its tools alone: %s", async (name) => {
    const deps = depsWith({ ...programs, good: () => echoServer() });
    const servers = [serverOf({ name }), serverOf({ name: "good" })];
    const { tools, faults } = await start(servers, deps, {
      roomTokens: 10_000,
      times: { ...times, startMs: 3_000 },
    });
    expect(faults.map(({ server }) => server)).toEqual([JSON.stringify(name)]);
    expect(tools.map(({ spec }) => spec.name)).toEqual(["mcp__good__echo"]);
  });

  test.each([
    ["asks to sign in elsewhere", 401, "www-authenticate"],
    ["leads elsewhere", 302, "location"],
    ["leads on for good", 308, "location"],
  ])("isn't followed when it %s", async (_what, status, header) => {
    const inside = "http://169.254.169.254/latest";
    const { reach, asked, close } = await httpServer((_request, response) => {
      const value = header === "location" ? inside : `Bearer resource_metadata="${inside}"`;
      response.writeHead(status, { [header]: value });
      response.end();
    });
    onTestFinished(close);
    const url = "http://mcp.example/mcp";
    const servers = [serverOf({ name: "s", type: "http", url, bearerToken: "t" })];
    const { faults } = await start(servers, depsWith({}, { reach }));
    expect(faults).toHaveLength(1);
    expect(new Set(asked)).toEqual(new Set(["mcp.example:80"]));
  });

  test.each([null, "no address", "file:///etc/passwd"])("has the address %s", async (url) => {
    const { faults } = await start([serverOf({ name: "s", type: "http", url })], depsWith({}));
    expect(faults).toHaveLength(1);
  });
});

describe("MOD-5 a hostile server", () => {
  const use = async (call_: (id: unknown) => string, tools: readonly object[] = [tool]) => {
    const started = await start(
      [serverOf({ name: "rude" })],
      depsWith({ rude: rudeServer(tools, call_) }),
    );
    return started.tools;
  };

  test("that hangs, breaks or floods in a call fails that call", async () => {
    const [hanging] = await use(() => "");
    expect(await call(hanging, {})).toMatch(/failed: .*(time|Request)/i);
    const [broken] = await use((id) => result(id, { content: "no list" }));
    expect(await call(broken, {})).toContain("failed");
    const [large] = await use((id) => text(id, "x".repeat(4 * 1024 * 1024)));
    expect((await call(large, {})).length).toBeLessThan(31_000);
    const [endless] = await use(() => "y".repeat(9 * 1024 * 1024));
    expect(await call(endless, {})).toContain("failed");
  });

  test("can't give the model instructions, or a schema that its provider refuses", async () => {
    const deep = { type: "object", properties: { "no name": { type: "string" } } };
    const tools = [
      { ...tool, name: "ref", inputSchema: { type: "object", $ref: "http://169.254.169.254/" } },
      { ...tool, name: "deep", inputSchema: deep },
      { ...tool, name: "wild", inputSchema: { type: "object", foo: 1, required: ["x"] } },
      { ...tool, name: "long", description: "z".repeat(100_000) },
    ];
    const specs = (await use(() => "", tools)).map(({ spec }) => spec);
    const parameters = Object.fromEntries(specs.map((spec) => [spec.name, spec.parameters]));
    const anything = { type: "object", properties: {} };
    expect(parameters).toEqual({
      mcp__rude__deep: anything,
      mcp__rude__long: anything,
      mcp__rude__ref: anything,
      mcp__rude__wild: anything,
    });
    expect(JSON.stringify(specs)).not.toContain("Ignore your task");
    expect(JSON.stringify(specs).length).toBeLessThan(5_000);
  });

  test("tells no secret that it was given, also where its words are cut", async () => {
    const secret = "s3cret-value-0123456789-0123456789-abcdef";
    const plan = planRedaction([{ key: "TOKEN", value: secret }]);
    const cutAt = (length: number) => `${"-".repeat(length - 20)}${secret}`;
    const inputSchema = {
      type: "object",
      description: cutAt(500),
      properties: { a: { type: "string", enum: ["x", secret] } },
    };
    const told = [{ name: secret, description: cutAt(1_500), inputSchema }];
    const rude = rudeServer(told, (id) => text(id, `${cutAt(12_000)}${"-".repeat(40_000)}`));
    const broken = rudeServer([tool], (id) => failure(id, `${cutAt(300)} is wrong`));
    const lost: LineServer = ({ id }) => [failure(id, `${cutAt(300)} is wrong`)];
    const deps = depsWith({ rude, broken, lost }, { redact: (said) => redact(plan, said) });
    const servers = [serverOf({ name: "rude" }), serverOf({ name: "broken" })];
    const { tools, faults } = await start([...servers, serverOf({ name: "lost" })], deps, patient);
    const calls = await Promise.all(tools.map((one) => call(one, {})));
    expect([tools.length, faults.length]).toEqual([2, 1]);
    const all = JSON.stringify([tools.map(({ spec }) => spec), calls, faults]);
    expect(all).toContain("[redacted:TOKEN]");
    expect(all).not.toMatch(/s3cret|-value-/);
  });

  test("with more tools than the model has room for gets those that fit", async () => {
    const many = Array.from({ length: 300 }, (_, index) => ({ ...tool, name: `t${index}` }));
    const deps = depsWith({ many: rudeServer(many) });
    const { tools, leftOut } = await start([serverOf({ name: "many" })], deps);
    expect([tools.length, leftOut]).toEqual([100, 200]);
    const small = await start([serverOf({ name: "many" })], deps, { ...room, roomTokens: 500 });
    expect(small.tools.length).toBeLessThan(20);
  });
});
