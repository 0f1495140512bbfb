/** Reads what the sandbox left. It is dead by now, so nothing changes underfoot. */
import { createHash } from "node:crypto";
import {
  chmodSync,
  closeSync,
  constants,
  type Dirent,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  type Stats,
} from "node:fs";
import { join } from "node:path";
import { setImmediate as breathe } from "node:timers/promises";
import { confinePath, confineSymlink } from "#shared/core/paths";

export interface FoundFile {
  readonly path: string;
  readonly type: "file";
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly mode: number;
  readonly modifiedAt: number;
}

export type Found =
  | FoundFile
  | { readonly path: string; readonly type: "symlink"; readonly target: string }
  | { readonly path: string; readonly type: "directory"; readonly mode: number };

export interface Scan {
  readonly found: Found[];
  /** Names and reasons of what can't be saved, the first few. */
  readonly skipped: string[];
  readonly skippedCount: number;
}

const permissionBits = 0o777;
const skippedNamesMax = 10;
const depthMax = 100;
const chunkBytes = 1024 * 1024;
/** Timers run in between, for heartbeats must go on however many small files there are. */
const entriesPerBreath = 200;

/** @throws {Error} When there is more than `entriesMax`, or it can't be read. */
export async function scanWorkspace(folder: string, entriesMax: number): Promise<Scan> {
  const found: Found[] = [];
  const skipped: string[] = [];
  let skippedCount = 0;
  let visited = 0;
  const skip = (path: string, why: string) => {
    skippedCount += 1;
    if (skipped.length < skippedNamesMax) skipped.push(`${JSON.stringify(path)} ${why}`);
  };
  const walk = async (at: string, depth: number): Promise<number> => {
    const entries = list(join(folder, at));
    for (const entry of entries) {
      const path = at === "" ? entry.name : `${at}/${entry.name}`;
      const refused = refusedName(entry, path);
      if (refused !== undefined || depth > depthMax) skip(path, refused ?? "lies too deep");
      else await visit(path, depth);
      if (found.length + skippedCount > entriesMax) throw new Error("There are too many files.");
      visited += 1;
      if (visited % entriesPerBreath === 0) await breathe();
    }
    return entries.length;
  };
  const visit = async (path: string, depth: number): Promise<void> => {
    const target = join(folder, path);
    const stats = lstatSync(target);
    const mode = stats.mode & permissionBits;
    if (stats.isDirectory()) {
      chmodSync(target, mode | 0o700);
      const count = await walk(path, depth + 1);
      if (count === 0) found.push({ path, type: "directory", mode });
    } else if (stats.isSymbolicLink()) {
      const to = readlinkSync(target);
      if (confineSymlink(path, to)) found.push({ path, type: "symlink", target: to });
      else skip(path, "is a link out of the workspace");
    } else if (stats.isFile()) {
      found.push(await readFile(target, path, stats));
    } else {
      skip(path, "is no file, folder or link");
    }
  };
  await walk("", 0);
  return { found, skipped, skippedCount };
}

function list(folder: string): Dirent[] {
  return readdirSync(folder, { withFileTypes: true });
}

/** Names that aren't UTF-8 are read with a replacement character: they have no name to keep. */
function refusedName({ name }: Dirent, path: string): string | undefined {
  return name.includes("\ufffd") ? "isn't valid Unicode" : confinePath(path).refused;
}

async function readFile(target: string, path: string, stats: Stats): Promise<FoundFile> {
  const mode = stats.mode & permissionBits;
  if ((mode & 0o400) === 0) chmodSync(target, mode | 0o400);
  const hash = createHash("sha256");
  const sizeBytes = await readChunks(target, (chunk) => hash.update(chunk));
  const modifiedAt = Math.round(stats.mtimeMs);
  return { path, type: "file", sha256: hash.digest("hex"), sizeBytes, mode, modifiedAt };
}

/** Hands over a file's bytes; lets timers run in between, for heartbeats must go on. */
async function readChunks(target: string, use: (chunk: Uint8Array) => void): Promise<number> {
  const file = openSync(target, constants.O_RDONLY | constants.O_NOFOLLOW);
  const buffer = Buffer.allocUnsafe(chunkBytes);
  let sizeBytes = 0;
  try {
    for (;;) {
      const readBytes = readSync(file, buffer, 0, chunkBytes, sizeBytes);
      if (readBytes === 0) return sizeBytes;
      use(buffer.subarray(0, readBytes));
      sizeBytes += readBytes;
      if (readBytes === chunkBytes) await breathe();
    }
  } finally {
    closeSync(file);
  }
}

/** One slice of a file that was scanned. */
export function readSlice(target: string, offsetBytes: number, sizeBytes: number): Buffer {
  const file = openSync(target, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const buffer = Buffer.alloc(sizeBytes);
    let done = 0;
    while (done < sizeBytes) {
      const readBytes = readSync(file, buffer, done, sizeBytes - done, offsetBytes + done);
      if (readBytes === 0) throw new Error("A file is shorter than it was.");
      done += readBytes;
    }
    return buffer;
  } finally {
    closeSync(file);
  }
}
