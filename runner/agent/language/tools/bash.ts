/** Runs commands in a shell that lives on between calls. */
import type { CallEnded } from "../../../init/messages.ts";
import { startFailure } from "../../../init/start-failure.ts";
import {
  callTimeMs,
  optionalNumber,
  requiredText,
  type Tool,
  type ToolContext,
  type ToolInput,
  type ToolOutcome,
} from "./tool.ts";

const defaultSeconds = 120;
const secondsMax = 1_800;
/** More than this and the command is ended. */
const outputBytesMax = 8 * 1024 * 1024;

export const bash: Tool = {
  spec: {
    name: "bash",
    description: [
      "Runs a command with bash in the sandbox. The shell lives on between calls: the folder,",
      "variables and functions stay, and so does what runs in the background. Start servers and",
      "other programs that don't end with `&`, with their output redirected to a file, and look at",
      "the file later. There is no terminal and no input, so use options that don't ask. A command",
      `is ended with all of its processes after ${defaultSeconds} seconds unless you set a time.`,
      "Long output is shortened in the middle.",
    ].join(" "),
    parameters: {
      type: "object",
      properties: {
        command: { type: "string", description: "The command, of one or more lines." },
        timeout_seconds: {
          type: "integer",
          description: `After how long to end it; ${defaultSeconds} by default, at most ${secondsMax}.`,
        },
      },
      required: ["command"],
    },
  },
  async run(input: ToolInput, context: ToolContext): Promise<ToolOutcome> {
    const command = requiredText(input, "command");
    const wanted = optionalNumber(input, "timeout_seconds") ?? defaultSeconds;
    const seconds = Math.min(Math.max(1, wanted), secondsMax);
    const timeoutMs = callTimeMs(seconds * 1_000, context);
    const call = { do: "shell", command, timeoutMs, outputBytesMax } as const;
    const onOutput = (bytes: Uint8Array) => context.onOutput(bytes);
    const end = await context.sandbox(call, onOutput, outputBytesMax);
    const said = sentence(end, timeoutMs);
    const output = context.output();
    const text = output === "" ? `(no output)\n${said}` : `${output}\n${said}`;
    const isError = end.end !== "done" || end.status !== 0;
    return { content: [{ type: "text", text }], isError, summary: said };
  },
};

function sentence(end: CallEnded, timeoutMs: number): string {
  const restarted = `A new shell follows in ${end.folder ?? "/workspace"}; variables are gone.`;
  switch (end.end) {
    case "done":
      return `exit code ${end.status}`;
    case "shell_ended":
      return `exit code ${end.status}; the command ended the shell. ${restarted}`;
    case "timed_out":
      return `Ended after ${Math.round(timeoutMs / 1_000)} s, with its processes. ${restarted}`;
    case "output_limit":
      return `Ended, because it printed over ${outputBytesMax / 1024 / 1024} MiB. ${restarted}`;
    case "failed":
      return `The shell couldn't be started: ${startFailure(end.code ?? "unknown")}`;
  }
}
