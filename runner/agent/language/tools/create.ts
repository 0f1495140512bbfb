/** Writes a whole file. */
import type { FileChange } from "#shared/protocol/item";
import { LineIndex } from "../../../supervisor/line-index.ts";
import { readBytes, writeText } from "./sandbox-files.ts";
import {
  ok,
  requiredPath,
  requiredText,
  type Tool,
  ToolError,
  type ToolOutcome,
  workspacePath,
} from "./tool.ts";

const bytesMax = 8 * 1024 * 1024;
const comparedBytesMax = 256 * 1024;

export const create: Tool = {
  spec: {
    name: "create",
    description:
      "Writes a text file, with the folders above it. It replaces the whole file if there is one, " +
      "so use edit to change a part.",
    parameters: {
      type: "object",
      properties: {
        path: { type: "string", description: "Absolute, or from /workspace." },
        content: { type: "string", description: "The whole content." },
      },
      required: ["path", "content"],
    },
  },
  async run(input, context): Promise<ToolOutcome> {
    const path = requiredPath(input);
    const content = requiredText(input, "content");
    if (Buffer.byteLength(content) > bytesMax) throw new ToolError("The content is too long.");
    const read = await readBytes(context, path, comparedBytesMax).catch(() => null);
    // A part of it would count as all of it.
    const before = read !== null && read.sizeBytes > read.bytes.length ? null : read;
    const isNew = await writeText(context, path, content);
    const change = compare(path, before?.bytes, Buffer.from(content));
    const said = `${isNew ? "Created" : "Replaced"} ${path}.`;
    const changeKind = isNew ? "created" : "modified";
    return { ...ok(said, said), fileChanges: [{ ...change, changeKind }] };
  },
};

/** Counts the lines that two versions of a file don't share. */
export function compare(
  path: string,
  before: Uint8Array | undefined,
  after: Uint8Array,
): Omit<FileChange, "changeKind"> {
  const lines = new LineIndex();
  if (before !== undefined) lines.record(path, before);
  return { path: workspacePath(path), ...lines.compare(path, after) };
}
