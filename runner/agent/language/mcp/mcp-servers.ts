/**
 * An execution's MCP servers. Programs run inside the sandbox; HTTP servers are called from
 * outside, under the sandbox's network policy. Whatever a server does, it costs the run its tools
 * and nothing more. This is bundled as a file of its own, which only executions with servers load.
 */
import { Client, type StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import type { McpServer } from "#shared/protocol/mcp-server";
import type { LanguageTools } from "../../model.ts";
import { redactedStart } from "../redacted-text.ts";
import { estimateText } from "../token-estimate.ts";
import { callTimeMs, type Tool, ToolError, toolSentence } from "../tools/tool.ts";
import { textAt } from "../wires/wire.ts";
import { boundReach, ListRoom } from "./bound-requests.ts";
import { MessageRoom } from "./message-room.ts";
import type { StdioTransport } from "./stdio-transport.ts";
import { ToolNames } from "./tool-names.ts";
import { outcomeOfResult } from "./tool-result.ts";
import { passableSchema } from "./tool-schema.ts";
import { httpTransport, programTransport, type TransportDeps } from "./transports.ts";

export interface McpTools {
  readonly tools: readonly Tool[];
  /** The servers that can't be used. The reason may quote the server. */
  readonly faults: readonly { readonly server: string; readonly why: string }[];
  /** How many tools were too many, or too large. */
  readonly leftOut: number;
  close(): Promise<void>;
}

export interface McpTimes {
  /** For starting a server and listing its tools; a program may have to be fetched first. */
  readonly startMs: number;
  /** How long a program may not answer what only newer servers know. */
  readonly probeMs: number;
  readonly callMs: number;
}

export const mcpTimes: McpTimes = { startMs: 60_000, probeMs: 5_000, callMs: 120_000 };

/** The most of the execution's time that starting them may take. */
const startShare = 0.2;
const pagesMax = 20;
/** Some providers take 128 tools in all. */
const toolsMax = 100;
const descriptionLengthMax = 1_500;
const argumentsLengthMax = 1024 * 1024;

export type McpDeps = Pick<
  LanguageTools,
  "serve" | "reach" | "signal" | "remainingMs" | "redact" | "redactor"
>;

interface Connected {
  readonly server: McpServer;
  readonly client: Client;
  readonly tools: readonly Listed[];
  /** How many it has beyond those. */
  readonly left: number;
}

type ServerTool = Awaited<ReturnType<Client["listTools"]>>["tools"][number];

/** What the model is told, without secrets: a server may name what it was given. */
interface Listed {
  readonly name: string;
  readonly description: string;
  readonly parameters: object;
}

/**
 * Starts all servers at once. Never throws: what can't be used is named in `faults`.
 *
 * @param roomTokens How much of the model's context the tools may take.
 */
export async function startMcpServers(
  servers: readonly McpServer[],
  deps: McpDeps,
  { roomTokens, times = mcpTimes }: { readonly roomTokens: number; readonly times?: McpTimes },
): Promise<McpTools> {
  const startMs = Math.min(times.startMs, deps.remainingMs() * startShare);
  const messages = new MessageRoom(servers.length);
  const results = await Promise.all(
    servers.map(async (server) => {
      try {
        const room = new ListRoom(servers.length);
        const bound = {
          ...deps,
          room,
          messages,
          reach: boundReach(deps.reach, servers.length, room),
        };
        return await start(server, bound, { ...times, startMs });
      } catch (error) {
        return { server, why: whyOf(error, deps) };
      }
    }),
  );
  const connected = results.filter((one) => "client" in one);
  const faults = results.flatMap((one) =>
    "why" in one ? [{ server: shownName(one.server), why: one.why }] : [],
  );
  const { tools, left } = offered(connected, deps, { roomTokens, callMs: times.callMs });
  return {
    tools,
    faults,
    leftOut: left,
    close: async () => {
      await Promise.allSettled(connected.map(({ client }) => client.close()));
    },
  };
}

type StartDeps = McpDeps & TransportDeps;

async function start(server: McpServer, deps: StartDeps, times: McpTimes): Promise<Connected> {
  const until = performance.now() + times.startMs;
  const left = () => Math.max(1, until - performance.now());
  const client = await connect(server, deps, times, left);
  try {
    // The client's own bound is for each page, and a server may always have one more.
    const listing = client.listTools(undefined, { timeout: left(), signal: deps.signal });
    const { tools } = await within(listing, left());
    deps.room.end();
    // More than these aren't used of all servers together, so no more are looked at.
    const used = tools.toSorted((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)));
    const first = used.slice(0, toolsMax).map((tool) => listed(tool, deps));
    return { server, client, tools: first, left: tools.length - first.length };
  } catch (error) {
    void client.close().catch(() => undefined);
    throw error;
  }
}

async function connect(
  server: McpServer,
  deps: StartDeps,
  times: McpTimes,
  left: () => number,
): Promise<Client> {
  if (server.type === "http") return await connectOnce("auto", httpTransport(server, deps));
  try {
    return await connectOnce("auto", programTransport(server, deps));
  } catch (error) {
    if (toolSentence(error) !== null || deps.signal.aborted || left() <= 1) throw error;
    // Older servers may end when they are asked what only newer ones know.
    return await connectOnce("legacy", programTransport(server, deps));
  }

  async function connectOnce(
    mode: "auto" | "legacy",
    transport: StdioTransport | StreamableHTTPClientTransport,
  ): Promise<Client> {
    // A program that is silent may not know the question; an HTTP server that is, is out of order.
    const probeMs = server.type === "http" ? left() : Math.min(times.probeMs, left());
    const client = new Client(
      { name: "paddock", version: "1" },
      {
        capabilities: {},
        listMaxPages: pagesMax,
        versionNegotiation: { mode, probe: { timeoutMs: probeMs } },
        // What a server says of its own answers isn't worth checking.
        jsonSchemaValidator: {
          getValidator: () => (data) => ({
            valid: true,
            data: data as never,
            errorMessage: undefined,
          }),
        },
      },
    );
    try {
      const connecting = client.connect(transport, { timeout: left(), signal: deps.signal });
      await within(connecting, left());
      return client;
    } catch (error) {
      void transport.close().catch(() => undefined);
      const ended = "ended" in transport ? transport.ended : null;
      throw ended === null ? error : new Error(ended);
    }
  }
}

function listed(
  { name, description = "", inputSchema }: ServerTool,
  { redact, redactor }: Pick<McpDeps, "redact" | "redactor">,
): Listed {
  return {
    name,
    description: redactedStart(description, descriptionLengthMax, { redactor }),
    parameters: passableSchema(inputSchema, redact),
  };
}

interface Offer {
  readonly roomTokens: number;
  readonly callMs: number;
}

/** In the order of servers and names, so that the same servers give the same bytes. */
function offered(
  connected: readonly Connected[],
  deps: McpDeps,
  { roomTokens, callMs }: Offer,
): { readonly tools: readonly Tool[]; readonly left: number } {
  const names = new ToolNames();
  const all = connected.flatMap((one) => {
    const server = names.server(one.server.name);
    return one.tools.map((tool) => ({ one, tool, server }));
  });
  const named = all.slice(0, toolsMax).map(({ one, tool, server }) => {
    return toolOf(one, tool, { name: names.tool(server, deps.redact(tool.name)), deps, callMs });
  });
  let room = roomTokens;
  const tools = named.filter(({ spec }) => {
    const tokens = estimateText(JSON.stringify(spec));
    if (tokens > room) return false;
    room -= tokens;
    return true;
  });
  const unseen = connected.reduce((sum, { left }) => sum + left, 0);
  return { tools, left: all.length + unseen - tools.length };
}

function toolOf(
  { server, client }: Connected,
  { name: ownName, description, parameters }: Listed,
  {
    name,
    deps,
    callMs,
  }: { readonly name: string; readonly deps: McpDeps; readonly callMs: number },
): Tool {
  const from = `A tool of the MCP server ${shownName(server)}.`;
  return {
    spec: { name, description: `${from} ${description}`.trim(), parameters },
    async run(input, context) {
      if (JSON.stringify(input).length > argumentsLengthMax) {
        throw new ToolError("The arguments are too long for a server's tool.");
      }
      const timeout = callTimeMs(callMs, context);
      const options = { timeout, maxTotalTimeout: timeout, signal: deps.signal };
      const request = { name: ownName, arguments: { ...input } };
      try {
        const result = await within(client.callTool(request, options), timeout);
        return outcomeOfResult(result, { canSee: context.canSee, redactor: deps.redactor });
      } catch (error) {
        deps.signal.throwIfAborted();
        throw new ToolError(`The server's tool failed: ${whyOf(error, deps)}`);
      }
    },
  };
}

/** Bounds a promise of the client's, whatever its own bounds do. */
async function within<T>(work: Promise<T>, limitMs: number): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new ToolError("it doesn't answer in time.")), limitMs);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
}

const reasonLengthMax = 300;

/** A server's own words may be in it; what shows it marks it. */
function whyOf(error: unknown, { redactor }: Pick<McpDeps, "redactor">): string {
  const text = toolSentence(error) ?? (textAt(error, "message") || "unknown");
  return redactedStart(text, reasonLengthMax, { redactor });
}

function shownName({ name }: McpServer): string {
  return JSON.stringify(name.slice(0, 100).toWellFormed());
}
