/** The seam behind which something decides what runs in the sandbox. `shell` is its first model. */
import type { Item } from "#shared/protocol/runner";

export interface AgentTask {
  readonly model: string;
  readonly instructions: string | null;
  readonly content: string;
  readonly setupScripts: readonly string[];
}

export interface ScriptEnd {
  /** 0–255 as a shell tells it: 128 + n for signal n; null when the sandbox itself was lost. */
  readonly exitCode: number | null;
  /** Why it ended so, where a model can say more than the exit code does. */
  readonly why?: string;
}

/** What a model works with. Everything it passes is redacted and bounded on the way out. */
export interface AgentTools {
  /** Runs a script in the sandbox; what it prints is streamed, and is the answer if so said. */
  runScript(script: string, part: "answer" | "progress"): Promise<ScriptEnd>;
  /** Puts a finished thing into the execution's stream. */
  emit(item: Item): void;
  /** Adds a line of ours to the stream and the answer. */
  note(text: string): void;
}

export interface AgentModel {
  /** @returns The end that counts for the execution's outcome. */
  run(task: AgentTask, tools: AgentTools): Promise<ScriptEnd>;
}
