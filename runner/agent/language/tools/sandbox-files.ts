/** Reads and writes whole files inside the sandbox. */
import { Pieces } from "#shared/http/pieces";
import type { CallEnded } from "../../../init/messages.ts";
import { fileError, type ToolContext, ToolError } from "./tool.ts";

export interface ReadBytes {
  readonly what: "file" | "folder";
  readonly bytes: Buffer;
  /** The file's whole size. */
  readonly sizeBytes: number;
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** @throws {ToolError} If it can't be read. */
export async function readBytes(
  { sandbox }: Pick<ToolContext, "sandbox">,
  path: string,
  bytesMax: number,
): Promise<ReadBytes> {
  const pieces = new Pieces();
  const end = await sandbox(
    { do: "read", path, bytesMax },
    (bytes) => pieces.add(Buffer.from(bytes)),
    bytesMax,
  );
  if (end.end !== "done") throw fileError("Reading", path, codeOf(end));
  const what = end.what ?? "file";
  return { what, bytes: pieces.take(), sizeBytes: end.sizeBytes ?? 0 };
}

/** @returns Whether the file is new. @throws {ToolError} If it can't be written. */
export async function writeText(
  { sandbox }: Pick<ToolContext, "sandbox">,
  path: string,
  text: string,
): Promise<boolean> {
  const base64 = Buffer.from(text).toString("base64");
  const end = await sandbox({ do: "write", path, base64, isNew: false }, () => undefined, 0);
  if (end.end !== "done") throw fileError("Writing", path, codeOf(end));
  return end.status === 1;
}

/** @throws {ToolError} If it isn't a text of at most `bytesMax` bytes. */
export async function readText(
  context: Pick<ToolContext, "sandbox">,
  path: string,
  bytesMax: number,
): Promise<string> {
  const { what, bytes, sizeBytes } = await readBytes(context, path, bytesMax);
  if (what === "folder") throw fileError("Reading", path, "EISDIR");
  if (sizeBytes > bytesMax) {
    throw new ToolError(`${path} has ${sizeBytes} bytes, too many for this tool; use bash.`);
  }
  return decodeText(path, bytes);
}

/** @throws {ToolError} If it isn't UTF-8. */
export function decodeText(path: string, bytes: Uint8Array): string {
  if (bytes.includes(0)) throw new ToolError(`${path} isn't a text file.`);
  try {
    return decoder.decode(bytes);
  } catch {
    throw new ToolError(`${path} isn't UTF-8 text; use bash.`);
  }
}

function codeOf({ code }: CallEnded): string {
  return code ?? "nothing";
}
