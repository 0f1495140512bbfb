/** Replaces exact text in a file. */
import { compare } from "./create.ts";
import { findNearMatch } from "./near-match.ts";
import { readText, writeText } from "./sandbox-files.ts";
import {
  flag,
  ok,
  requiredPath,
  requiredText,
  shortened,
  type Tool,
  type ToolContext,
  ToolError,
  type ToolOutcome,
} from "./tool.ts";

const bytesMax = 4 * 1024 * 1024;
/** As of a file that is created; the init would end at a larger frame. */
const resultBytesMax = 8 * 1024 * 1024;
const listedMax = 20;
/** Lines that a text is most like are cut here. */
const lineLengthMax = 500;

export const edit: Tool = {
  spec: {
    name: "edit",
    description:
      "Replaces a text in a file. The old text must be in the file exactly as given, with its " +
      "spaces, and only once unless you replace all; take enough lines around it.",
    parameters: {
      type: "object",
      properties: {
        path: { type: "string", description: "Absolute, or from /workspace." },
        old_text: { type: "string", description: "What to replace, exactly." },
        new_text: { type: "string", description: "What to put there; may be empty." },
        replace_all: { type: "boolean", description: "Replace it wherever it is." },
      },
      required: ["path", "old_text", "new_text"],
    },
  },
  async run(input, context): Promise<ToolOutcome> {
    const path = requiredPath(input);
    const oldText = requiredText(input, "old_text");
    const newText = requiredText(input, "new_text");
    if (oldText === "") throw new ToolError("The argument `old_text` is empty; use create.");
    if (oldText === newText) throw new ToolError("Old and new text are the same.");
    const before = await readText(context, path, bytesMax);
    const pieces = before.split(oldText);
    const count = pieces.length - 1;
    if (count === 0) throw notFound(path, { content: before, oldText }, context);
    if (count > 1 && !flag(input, "replace_all")) throw notUnique(path, pieces, oldText);
    const [oldBytes, newBytes] = [Buffer.byteLength(oldText), Buffer.byteLength(newText)];
    if (Buffer.byteLength(before) + count * (newBytes - oldBytes) > resultBytesMax) {
      throw new ToolError(`${path} would become too long for this tool; use bash.`);
    }
    const after = pieces.join(newText);
    await writeText(context, path, after);
    const change = compare(path, Buffer.from(before), Buffer.from(after));
    const said = `Replaced ${count === 1 ? "one place" : `${count} places`} in ${path}.`;
    return { ...ok(said, said), fileChanges: [{ ...change, changeKind: "modified" }] };
  },
};

function notFound(
  path: string,
  { content, oldText }: { readonly content: string; readonly oldText: string },
  { redact }: Pick<ToolContext, "redact">,
): ToolError {
  const near = findNearMatch(content, oldText);
  const missing = `The old text isn't in ${path}.`;
  if (near === null) return new ToolError(`${missing} Look at the file again.`);
  const where = `What is most like it begins at line ${near.firstLine}`;
  const hint = `${where} and differs in ${near.difference}:`;
  const lines = redact(near.text).split("\n");
  const shown = lines.map((line) => shortened(line, lineLengthMax));
  return new ToolError(`${missing} ${hint}\n${shown.join("\n")}`);
}

function notUnique(path: string, pieces: readonly string[], oldText: string): ToolError {
  const lines: number[] = [];
  let line = 1;
  for (const piece of pieces.slice(0, -1)) {
    line += countLines(piece);
    lines.push(line);
    line += countLines(oldText);
  }
  const listed = lines.slice(0, listedMax).join(", ");
  const advice = "Add lines around it to name one, or replace all.";
  return new ToolError(
    `The old text is in ${path} ${lines.length} times, at lines ${listed}. ${advice}`,
  );
}

function countLines(text: string): number {
  return text.split("\n").length - 1;
}
