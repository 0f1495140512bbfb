/**
 * Reads and writes files for an agent, inside the sandbox: a link leads where it leads inside, and
 * never out. Special files, which could block or never end, are refused.
 */
import { randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  opendirSync,
  openSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";

const namesMax = 1_000;
const pieceBytes = 64 * 1024;
const newFileMode = 0o644;

export interface FileRead {
  readonly what: "file" | "folder";
  /** A file's whole size, or how many names of a folder are passed on, and one more for others. */
  readonly sizeBytes: number;
}

/** Passes on the first `bytesMax` bytes. @throws {Error} With the system's code. */
export function readFile(
  path: string,
  bytesMax: number,
  onPiece: (piece: Uint8Array) => void,
): FileRead {
  // Without `O_NONBLOCK`, opening a pipe would wait for its writer.
  const file = openSync(inWorkspace(path), constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = fstatSync(file);
    if (stats.isDirectory()) return readFolder(inWorkspace(path), onPiece);
    if (!stats.isFile()) throw special();
    for (let readBytes = 0; readBytes < bytesMax; ) {
      const piece = Buffer.alloc(Math.min(pieceBytes, bytesMax - readBytes));
      const gotBytes = readSync(file, piece, 0, piece.length, null);
      if (gotBytes === 0) break;
      readBytes += gotBytes;
      onPiece(piece.subarray(0, gotBytes));
    }
    return { what: "file", sizeBytes: stats.size };
  } finally {
    closeSync(file);
  }
}

function readFolder(path: string, onPiece: (piece: Uint8Array) => void): FileRead {
  const folder = opendirSync(path);
  try {
    const names: string[] = [];
    let entry = folder.readSync();
    for (; entry !== null && names.length < namesMax; entry = folder.readSync()) {
      names.push(entry.isDirectory() ? `${entry.name}/` : entry.name);
    }
    if (names.length > 0)
      onPiece(
        Buffer.from(`${names.sort((first, second) => (first < second ? -1 : 1)).join("\n")}\n`),
      );
    return { what: "folder", sizeBytes: names.length + (entry === null ? 0 : 1) };
  } finally {
    folder.closeSync();
  }
}

/**
 * Writes beside the file and renames, so a full disk or a kill leaves the old bytes.
 *
 * @returns Whether the file is new.
 * @throws {Error} With the system's code; `EEXIST` if it exists and must not.
 */
export function writeFile(path: string, bytes: Uint8Array, isNew: boolean): boolean {
  const named = inWorkspace(path);
  const before = statSync(named, { throwIfNoEntry: false });
  if (before !== undefined && isNew) throw coded("EEXIST");
  if (before?.isDirectory()) throw coded("EISDIR");
  if (before !== undefined && !before.isFile()) throw special();
  // A link that leads nowhere would be replaced by a file.
  const isLost = before === undefined && lstatSync(named, { throwIfNoEntry: false }) !== undefined;
  if (isLost) throw coded("ELOOP");
  if (before === undefined) mkdirSync(dirname(named), { recursive: true });
  const target = before === undefined ? named : realpathSync(named);
  const aside = join(dirname(target), `.${randomBytes(8).toString("hex")}.tmp`);
  const file = openSync(aside, "wx", newFileMode);
  try {
    for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
    if (before !== undefined) fchmodSync(file, before.mode & 0o777);
    renameSync(aside, target);
  } catch (error) {
    rmSync(aside, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
  return before === undefined;
}

function inWorkspace(path: string): string {
  return resolve("/workspace", path);
}

function special(): Error {
  return coded("ENOTSUP");
}

function coded(code: string): Error {
  return Object.assign(new Error(code), { code });
}
