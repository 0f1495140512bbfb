/** Files that are written while they are received. */
import { randomBytes } from "node:crypto";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { type ApiClient, lost } from "./api-client.ts";

/**
 * A file has its name only once it is whole; one that had it before is kept until then.
 * @param mode As `umask` allows; for others to read by default.
 * @returns Its size.
 */
export async function writeWhole(
  path: string,
  pieces: AsyncIterable<Uint8Array>,
  mode = 0o666,
): Promise<number> {
  const draft = `${path}.${randomBytes(6).toString("hex")}.part`;
  const handle = await open(draft, "wx", mode);
  try {
    const size = await writeAll(handle, pieces);
    await handle.close();
    await rename(draft, path);
    return size;
  } catch (error) {
    await handle.close().catch(() => undefined);
    await rm(draft, { force: true });
    throw error;
  }
}

async function writeAll(handle: FileHandle, pieces: AsyncIterable<Uint8Array>): Promise<number> {
  let size = 0;
  for await (const piece of pieces) {
    await handle.writeFile(piece);
    size += piece.length;
  }
  return size;
}

/** @throws {ConnectionLost} if there are fewer bytes than were announced. */
export async function* chunksOf(
  client: Pick<ApiClient, "apiUrl">,
  answer: Response,
): AsyncGenerator<Uint8Array> {
  if (!answer.body) return;
  try {
    for await (const chunk of answer.body) yield chunk;
  } catch (error) {
    throw lost(client.apiUrl, error);
  }
}
