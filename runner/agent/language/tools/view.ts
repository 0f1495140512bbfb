/** Shows a file, a folder or an image. */
import type { ImagePart } from "../conversation.ts";
import { decodeText, readBytes } from "./sandbox-files.ts";
import {
  ok,
  optionalNumber,
  requiredPath,
  shortened,
  type Tool,
  type ToolContext,
  ToolError,
  type ToolOutcome,
} from "./tool.ts";

/** Providers refuse larger images; as base64 it takes a third more. */
const bytesMax = 3_750_000;
const linesMax = 2_000;
const lineLengthMax = 2_000;
const shownLengthMax = 60_000;

export const view: Tool = {
  spec: {
    name: "view",
    description: [
      "Shows a text file with line numbers, the names in a folder, or a PNG or JPEG image.",
      `Shows up to ${linesMax} lines; for more, say from which line.`,
    ].join(" "),
    parameters: {
      type: "object",
      properties: {
        path: { type: "string", description: "Absolute, or from /workspace." },
        first_line: { type: "integer", description: "The first line to show; 1 by default." },
        lines: { type: "integer", description: `How many lines; ${linesMax} by default.` },
      },
      required: ["path"],
    },
  },
  async run(input, context): Promise<ToolOutcome> {
    const path = requiredPath(input);
    const { what, bytes, sizeBytes } = await readBytes(context, path, bytesMax);
    if (what === "folder") return showNames(bytes.toString("utf8"), sizeBytes);
    const mediaType = imageType(bytes);
    if (mediaType !== null) return showImage(context, { path, bytes, sizeBytes, mediaType });
    const isCut = sizeBytes > bytes.length;
    const whole = isCut ? wholeLines(bytes) : bytes;
    const first = Math.max(1, optionalNumber(input, "first_line") ?? 1);
    const count = Math.max(1, Math.min(optionalNumber(input, "lines") ?? linesMax, linesMax));
    return showLines(context.redact(decodeText(path, whole)), { first, count, isCut });
  },
};

/** Without the last line, or without the last character if there is but one: it may be cut. */
function wholeLines(bytes: Buffer): Buffer {
  const length = bytes.lastIndexOf(0x0a) + 1;
  if (length > 0) return bytes.subarray(0, length);
  const last = bytes.findLastIndex((byte) => (byte & 0xc0) !== 0x80);
  return bytes.subarray(0, Math.max(0, last));
}

function showNames(names: string, count: number): ToolOutcome {
  const shown = names.split("\n").length - 1;
  if (count <= shown) return ok(names || "(an empty folder)", `${count} names`);
  return ok(`${names}(There are more; use bash to see them.)`, `the first ${shown} names`);
}

interface Shown {
  readonly path: string;
  readonly bytes: Buffer;
  readonly sizeBytes: number;
  readonly mediaType: ImagePart["mediaType"];
}

function showImage({ canSee }: ToolContext, shown: Shown): ToolOutcome {
  const { path, bytes, sizeBytes, mediaType } = shown;
  if (!canSee) throw new ToolError(`${path} is an image, and this model can't see images.`);
  if (sizeBytes > bytes.length) throw new ToolError(`${path} is too large; make a smaller copy.`);
  const image: ImagePart = { type: "image", mediaType, base64: bytes.toString("base64") };
  return { content: [image], isError: false, summary: `an image of ${sizeBytes} bytes` };
}

function imageType(bytes: Buffer): ImagePart["mediaType"] | null {
  if (bytes.subarray(0, 8).toString("latin1") === "\u0089PNG\r\n\u001a\n") return "image/png";
  return bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff ? "image/jpeg" : null;
}

function showLines(
  text: string,
  part: { readonly first: number; readonly count: number; readonly isCut: boolean },
): ToolOutcome {
  if (text === "") return ok("(an empty file)", "0 lines");
  const lines = text.replace(/\n$/, "").split("\n");
  if (part.first > lines.length) {
    const seen = "of a file as large as this, more can't be seen; use bash";
    throw new ToolError(`The file has ${lines.length} lines${part.isCut ? `; ${seen}` : ""}.`);
  }
  const shown: string[] = [];
  let length = 0;
  for (const line of lines.slice(part.first - 1, part.first - 1 + part.count)) {
    const cut = shortened(line, lineLengthMax);
    length += cut.length;
    if (length > shownLengthMax) break;
    shown.push(`${String(part.first + shown.length).padStart(6)}\t${cut}`);
  }
  const last = part.first + shown.length - 1;
  const more = last < lines.length || part.isCut;
  const total = part.isCut ? `more than ${lines.length}` : String(lines.length);
  const rest = more ? `\n(lines ${part.first} to ${last} of ${total})` : "";
  return ok(shown.join("\n") + rest, `lines ${part.first} to ${last} of ${total}`);
}
