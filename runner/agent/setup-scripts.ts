/** Runs an environment's set-up scripts, each shown as a call that starts and ends. */
import type { AgentTools, ScriptEnd } from "./model.ts";

/** @returns The end of the first script that failed; null if all succeeded. */
export async function runSetupScripts(
  scripts: readonly string[],
  tools: AgentTools,
): Promise<ScriptEnd | null> {
  for (const [index, script] of scripts.entries()) {
    const end = await runAsCall(tools, { id: `setup_${index + 1}`, script, part: "progress" });
    if (end.exitCode === 0) continue;
    const why = `Setup script ${index + 1} failed (${describeEnd(end)}); the task was not started.`;
    tools.note(why);
    return { ...end, why };
  }
  return null;
}

interface ShellCall {
  readonly id: string;
  readonly script: string;
  readonly part: "answer" | "progress";
}

/** Runs one script, with an item before and after it. */
export async function runAsCall(
  tools: AgentTools,
  { id, script, part }: ShellCall,
): Promise<ScriptEnd> {
  const call = { type: "tool_call", id, name: "shell", arguments: argumentsOf(script) } as const;
  tools.emit({ ...call, status: "running" });
  const end = await tools.runScript(script, part);
  const status = end.exitCode === 0 ? "completed" : "failed";
  tools.emit({ ...call, status, result: describeEnd(end) });
  return end;
}

const argumentsLengthMax = 16_000;

/** JSON text; a long script is cut inside its string, so the JSON stays valid. */
function argumentsOf(script: string): string {
  if (script.length <= argumentsLengthMax) return JSON.stringify({ command: script });
  return JSON.stringify({ command: `${script.slice(0, argumentsLengthMax).toWellFormed()}…` });
}

function describeEnd({ exitCode }: ScriptEnd): string {
  return exitCode === null ? "ended with the sandbox" : `exit code ${exitCode}`;
}
