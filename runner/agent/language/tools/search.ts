/** Finds text in files, or files by name, with what the image has: ripgrep, else grep and find. */
import { Pieces } from "#shared/http/pieces";
import type { CallEnded } from "../../../init/messages.ts";
import {
  flag,
  ok,
  optionalText,
  requiredText,
  shortened,
  type Tool,
  type ToolContext,
  ToolError,
  type ToolInput,
  type ToolOutcome,
} from "./tool.ts";

const timeoutMs = 60_000;
const outputBytesMax = 256 * 1024;
const linesMax = 250;
const lineLengthMax = 300;
/** Asks each file for one hit more than is shown, so that it is seen where there are more. */
const hitsMax = `--max-count=${linesMax + 1}`;
const signalled = 128;
/** What neither ripgrep nor grep are asked to search. */
const skipped = [".git", "node_modules"];

export const search: Tool = {
  spec: {
    name: "search",
    description:
      "Finds lines that match a regular expression in the files below a folder, or with " +
      `\`names\` the files whose name matches a pattern like *.ts. Shows up to ${linesMax} hits.`,
    parameters: {
      type: "object",
      properties: {
        pattern: { type: "string", description: "An expression, or with `names` a name pattern." },
        path: { type: "string", description: "The folder or file; /workspace by default." },
        glob: { type: "string", description: "Only files whose name matches this, like *.py." },
        ignore_case: { type: "boolean" },
        names: { type: "boolean", description: "Search names instead of content." },
      },
      required: ["pattern"],
    },
  },
  async run(input, context): Promise<ToolOutcome> {
    const pattern = requiredText(input, "pattern");
    const path = optionalText(input, "path") ?? ".";
    const found = flag(input, "names")
      ? await run(context, "find", findArguments(input, pattern, path))
      : await searchContent(input, context, { pattern, path });
    return shown({ ...found, text: context.redact(found.text) });
  },
};

interface Found {
  readonly end: CallEnded;
  readonly text: string;
}

interface Where {
  readonly pattern: string;
  readonly path: string;
}

async function searchContent(
  input: ToolInput,
  context: ToolContext,
  { pattern, path }: Where,
): Promise<Found> {
  const glob = optionalText(input, "glob");
  const ignore = flag(input, "ignore_case") ? ["-i"] : [];
  const with_ = await run(context, "rg", [
    ...["--line-number", "--no-heading", "--color=never", "--hidden", hitsMax],
    ...ignore,
    ...skipped.flatMap((name) => ["--glob", `!${name}`]),
    ...(glob === null ? [] : ["--glob", glob]),
    ...["--regexp", pattern, "--", path],
  ]);
  if (with_.end.end !== "failed") return with_;
  return await run(context, "grep", [
    ...["-rnIE", "--color=never", hitsMax],
    ...ignore,
    ...skipped.map((name) => `--exclude-dir=${name}`),
    ...(glob === null ? [] : [`--include=${glob}`]),
    ...["-e", pattern, "--", path],
  ]);
}

function findArguments(input: ToolInput, pattern: string, path: string): string[] {
  const skip = skipped.flatMap((name) => ["-name", name, "-prune", "-o"]);
  const how = flag(input, "ignore_case") ? "-iname" : "-name";
  // A path that begins with a dash would be taken for an option.
  const start = path.startsWith("-") ? `./${path}` : path;
  return [start, ...skip, how, pattern, "-print"];
}

async function run(
  { sandbox }: ToolContext,
  program: string,
  programArguments: readonly string[],
): Promise<Found> {
  const pieces = new Pieces();
  const call = { do: "exec", program, arguments: programArguments } as const;
  const bounded = { ...call, timeoutMs, outputBytesMax };
  const end = await sandbox(bounded, (bytes) => pieces.add(Buffer.from(bytes)), outputBytesMax);
  return { end, text: pieces.take().toString("utf8") };
}

function shown({ end, text }: Found): ToolOutcome {
  if (end.end === "failed") {
    const code = end.code ?? "unknown";
    const why = code === "ENOENT" ? "there is no search program" : `the system says ${code}`;
    throw new ToolError(`The search couldn't be started: ${why}.`);
  }
  const lines = text.split("\n").filter((line) => line !== "");
  // A signal leaves no status.
  const failed = end.end === "done" && (end.status ?? signalled) > 1;
  if (failed && lines.length === 0) throw new ToolError("The search was broken off; narrow it.");
  const kept = lines.slice(0, linesMax).map((line) => shortened(line, lineLengthMax));
  const isCut = lines.length > linesMax || end.end === "output_limit";
  const more = isCut ? "\n(There are more; narrow the search.)" : "";
  const late = end.end === "timed_out" ? "\n(Ended after a minute; narrow the search.)" : "";
  if (kept.length === 0) return ok(`Nothing matches.${late}`, "no hits");
  const outcome = ok(kept.join("\n") + more + late, `${kept.length} lines`);
  return { ...outcome, isError: failed };
}
