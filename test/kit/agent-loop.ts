/** Runs the agent loop against the local providers, with a sandbox of files in memory. */
import type { Item } from "#shared/protocol/item";
import type { ModelEntry, ThreadMessage } from "#shared/protocol/language-model";
import { type Script, startProviders } from "../../local/providers/server.ts";
import { AgentLoop, type LoopSettings } from "../../runner/agent/language/agent-loop.ts";
import { loopLimits } from "../../runner/agent/language/limits.ts";
import { agentTools } from "../../runner/agent/language/tools/tools.ts";
import { type WireName, wires } from "../../runner/agent/language/wires/wires.ts";
import type { LanguageEnd, LanguageTools, SandboxCall } from "../../runner/agent/model.ts";
import type { CallEnded } from "../../runner/init/messages.ts";

const key = "local-provider-key";
export const canary = "hunter2-canary";

export interface LoopOptions {
  readonly script: Script;
  readonly wire?: WireName;
  readonly content?: string;
  readonly history?: readonly ThreadMessage[];
  readonly entry?: Partial<ModelEntry>;
  readonly settings?: Partial<LoopSettings>;
  readonly remainingMs?: () => number;
  readonly signal?: AbortSignal;
  /**
   * Answers the shell's commands; by default with nothing and exit code 0. Null if the sandbox has
   * ended with it.
   */
  readonly shell?: (command: string) => { readonly output: string; readonly status: number } | null;
  readonly files?: Readonly<Record<string, Buffer>>;
}

export interface LoopRun {
  readonly end: LanguageEnd;
  readonly items: readonly Item[];
  readonly answer: string;
  readonly spoken: string;
  readonly files: ReadonlyMap<string, Buffer>;
  /** Bodies of the requests that were accepted. */
  readonly requests: readonly Record<string, unknown>[];
  readonly keys: readonly string[];
}

/** A test that waits for one sets its own; a busy machine must not reach these. */
export const loopTimes = {
  headersMs: 30_000,
  idleMs: 30_000,
  totalMs: 50_000,
  backoffFirstMs: 1,
  backoffMaxMs: 2,
  inFlightMs: 60_000,
};

export async function runLoop(options: LoopOptions): Promise<LoopRun> {
  const wireName = options.wire ?? "anthropic-messages";
  const providers = await startProviders({ script: options.script, keys: [key] });
  const run = { items: [] as Item[], answer: "", spoken: "" };
  const files = new Map(Object.entries(options.files ?? {}));
  const tools = fakeTools(options, run, files);
  const entry: ModelEntry = {
    id: "scripted-model",
    wire: wireName,
    contextTokens: 200_000,
    outputTokensMax: 8_192,
    ...{ tools: true, vision: true, reasoning: true },
    ...options.entry,
  };
  const wire = wires[wireName];
  const loop = new AgentLoop(
    {
      ...{ executionId: "run_1", attempt: 1, entry, token: key, gatewayUrl: providers.url },
      ...{ model: entry.id, instructions: "Be brief.", documentation: [], setupScripts: [] },
      ...{ content: options.content ?? "Do it.", history: options.history ?? [] },
      ...{ isHistoryCut: false, hasNetwork: false, reasoningEffort: "low" },
      ...{ mcpServers: [], skills: [], missingSkills: [] },
    },
    tools,
    {
      ...{ wire, url: providers.url + wire.path(entry.id), model: entry.id },
      ...{ tools: agentTools, limits: loopLimits, times: loopTimes, sections: [] },
      ...options.settings,
    },
  );
  try {
    const end = await loop.run();
    const requests = providers.served.map(({ request }) => request.body);
    const keys = providers.served.map(({ request }) => String(request.headers["idempotency-key"]));
    return { end, ...run, files, requests, keys };
  } finally {
    await providers.close();
  }
}

function fakeTools(
  options: LoopOptions,
  run: { items: Item[]; answer: string; spoken: string },
  files: Map<string, Buffer>,
): LanguageTools {
  const redact = (text: string) => text.replaceAll(canary, "[redacted:KEY]");
  return {
    emit: (item) => void run.items.push(item),
    note: () => undefined,
    runScript: async () => ({ exitCode: 0 }),
    signal: options.signal ?? new AbortController().signal,
    remainingMs: options.remainingMs ?? (() => 600_000),
    redact,
    redactor: () => ({ write: redact, pause: () => "", end: () => "" }),
    speak: () => ({
      write: (text) => {
        run.spoken += text;
      },
      end: () => undefined,
    }),
    answer: (text) => {
      run.answer = text;
    },
    serve: () => null,
    reach: { roots: null, connect: () => Promise.reject(new Error("There is no network.")) },
    sandbox: async (call, onOutput) => callFake(call, { files, onOutput, shell: options.shell }),
  };
}

interface FakeSandbox {
  readonly files: Map<string, Buffer>;
  readonly onOutput: (bytes: Uint8Array) => void;
  readonly shell: LoopOptions["shell"];
}

function callFake(call: SandboxCall, { files, onOutput, shell }: FakeSandbox): CallEnded | null {
  const nothing = { status: null, folder: null, what: null, sizeBytes: null, code: null };
  const done = { id: 1, end: "done", ...nothing } as const;
  const missing = { id: 1, end: "failed", ...nothing, code: "ENOENT" } as const;
  if (call.do === "exec") return missing;
  if (call.do === "shell") {
    const said = shell === undefined ? { output: "", status: 0 } : shell(call.command);
    if (said === null) return null;
    const { output, status } = said;
    onOutput(Buffer.from(output));
    return { ...done, status, folder: "/workspace" };
  }
  const before = files.get(call.path);
  if (call.do === "write") {
    files.set(call.path, Buffer.from(call.base64, "base64"));
    return { ...done, what: "file", status: before === undefined ? 1 : 0 };
  }
  if (before === undefined) return missing;
  onOutput(before.subarray(0, call.bytesMax));
  return { ...done, what: "file", sizeBytes: before.length };
}
