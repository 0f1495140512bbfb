/** Files that are written while they are received. */
import { randomBytes } from "node:crypto";
import { type FileHandle, open, readlink, realpath, rename, rm, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { type ApiClient, lost } from "./api-client.ts";

const permissionBits = 0o777;
const usualMode = 0o666;
/** As many as the kernel follows. */
const linksMax = 40;

/**
 * A file has its name only once it is whole; one that had it before is kept until then, and its
 * permissions stay. A link leads to what is written, also if nothing is there yet. A device or a
 * pipe is written to: a file of its name would take its place.
 * @param most The permissions that the file may have, as `umask` allows.
 * @returns Its size.
 */
export async function writeWhole(
  path: string,
  pieces: AsyncIterable<Uint8Array>,
  most?: number,
): Promise<number> {
  const before = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  if (before && !before.isFile()) return await writeThrough(path, pieces);
  const target = before ? await realpath(path) : await placeOf(path);
  // Not the file's own name and more: that may be as long as names can be.
  const draft = join(dirname(target), `.paddock-${randomBytes(6).toString("hex")}.part`);
  const handle = await open(draft, "wx", most ?? usualMode);
  try {
    if (before) await handle.chmod(before.mode & permissionBits & (most ?? permissionBits));
    const size = await writeAll(handle, pieces);
    await handle.close();
    await rename(draft, target);
    return size;
  } catch (error) {
    await handle.close().catch(() => undefined);
    await rm(draft, { force: true });
    throw error;
  }
}

/** Where a new file of that name comes to be: a link may lead to a place where nothing is. */
async function placeOf(path: string): Promise<string> {
  let place = path;
  for (let links = 0; links < linksMax; links += 1) {
    const target = await readlink(place).catch(() => null);
    if (target === null) return place;
    // What goes up from there goes up from the real folder, which may be behind a link itself.
    place = resolve(await realpath(dirname(place)), target);
  }
  return place;
}

async function writeThrough(path: string, pieces: AsyncIterable<Uint8Array>): Promise<number> {
  const handle = await open(path, "w");
  try {
    return await writeAll(handle, pieces);
  } finally {
    await handle.close();
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
