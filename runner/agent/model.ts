/** The interface of whatever decides what runs in the sandbox. `shell` is its first model. */
import type { Item } from "#shared/protocol/runner";

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
