/** The interface of what decides what runs in the sandbox. `shell` is its first model. */
import type { Item } from "#shared/protocol/item";
import type { ModelEntry, ReasoningEffort, ThreadMessage } from "#shared/protocol/language-model";
import type { McpServer } from "#shared/protocol/mcp-server";
import type { Reach } from "../egress/reach.ts";
import type { CallDo, CallEnded } from "../init/messages.ts";

export interface AgentTask {
  readonly model: string;
  readonly instructions: string | null;
  readonly content: string;
  readonly setupScripts: readonly string[];
}

export interface ScriptEnd {
  /** 0–255 as a shell reports it: 128 + n for signal n; null if the sandbox itself was lost. */
  readonly exitCode: number | null;
  /** Why it ended, if the model knows more than the exit code says. */
  readonly why?: string;
}

/** What a model works with. Everything it passes is redacted and bounded on the way out. */
export interface AgentTools {
  /** Runs a script in the sandbox. Its output is streamed, and is the answer if `part` says so. */
  runScript(script: string, part: "answer" | "progress"): Promise<ScriptEnd>;
  /** Adds a finished item to the execution's stream. */
  emit(item: Item): void;
  /** Adds a line of ours to the stream and the answer. */
  note(text: string): void;
}

export interface AgentModel {
  /** @returns The end that decides the execution's outcome. */
  run(task: AgentTask, tools: AgentTools): Promise<ScriptEnd>;
}

/** What a language model is told of its execution. */
export interface LanguageTask extends AgentTask {
  readonly executionId: string;
  readonly attempt: number;
  readonly entry: ModelEntry;
  /** What its calls are authorized with at the gateway. */
  readonly token: string;
  readonly gatewayUrl: string;
  readonly reasoningEffort: ReasoningEffort | null;
  /** The environment's, in its own words. */
  readonly documentation: readonly string[];
  /** The thread's earlier messages, oldest first. */
  readonly history: readonly ThreadMessage[];
  /** Whether older messages are missing there. */
  readonly isHistoryCut: boolean;
  readonly hasNetwork: boolean;
  readonly mcpServers: readonly McpServer[];
  readonly skills: readonly SkillPlace[];
  /** Skills that were asked for and that there aren't. */
  readonly missingSkills: readonly string[];
}

/** A skill's description, and where its instructions are in the sandbox. */
export interface SkillPlace {
  readonly name: string;
  readonly description: string;
  readonly path: string;
}

/** A call to the sandbox, without what the supervisor adds. */
export type SandboxCall =
  | Omit<Extract<CallDo, { do: "shell" }>, "environment" | "refusingPort">
  | Exclude<CallDo, { do: "shell" | "serve" }>;

/** A program that serves the supervisor from inside the sandbox. */
export type ServeCall = Omit<Extract<CallDo, { do: "serve" }>, "do" | "refusingPort">;

export interface ServedProgram {
  /** An empty piece ends its input, and with it the program. */
  write(piece: Uint8Array): void;
  /** Null if the sandbox ended first. */
  readonly ended: Promise<CallEnded | null>;
}

/** Passes on a stream of text without secrets. */
export interface TextRedactor {
  write(text: string): string;
  /** Called when nothing has come for a while. */
  pause(): string;
  end(): string;
}

export interface LanguageTools extends AgentTools {
  /** Aborted when the execution must end. */
  readonly signal: AbortSignal;
  /** The time that is left of the execution. */
  remainingMs(): number;
  redact(text: string): string;
  redactor(): TextRedactor;
  /** Streams what the model says, while it says it. */
  speak(): { write(text: string): void; end(): void };
  /** Sets what the answer will be; the last one counts. */
  answer(text: string): void;
  /** @returns Null if the sandbox has ended. */
  sandbox(
    call: SandboxCall,
    onOutput: (bytes: Uint8Array) => void,
    outputBytesMax: number,
  ): Promise<CallEnded | null>;
  /** @returns Null if the sandbox has ended. */
  serve(call: ServeCall, onOutput: (bytes: Uint8Array) => void): ServedProgram | null;
  /** Reaches a host from outside the sandbox, under the network policy and log of the sandbox. */
  readonly reach: Reach;
}

/** Why a run ended with its sandbox; a stop or a lack of memory is said instead. */
export const sandboxKilled =
  "The sandbox ended before its task: something in it, such as kill -9 -1, killed all programs.";

/** Why a language model's run ended, if its task isn't done. */
export type UnfinishedReason = "budget" | "agent_limit" | "model_failed" | "time_limit";

export interface LanguageEnd extends ScriptEnd {
  readonly unfinished?: UnfinishedReason;
}

export interface LanguageModel {
  run(task: LanguageTask, tools: LanguageTools): Promise<LanguageEnd>;
}
