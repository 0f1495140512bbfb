/** Reads what the sandbox left. It is dead by now, so nothing changes meanwhile. */
import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import {
  chmodSync,
  closeSync,
  constants,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  type Stats,
} from "node:fs";
import { join } from "node:path";
import { setImmediate as breathe } from "node:timers/promises";
import { largestFileBytes } from "#shared/core/executions/profiles";
import { pageBytes } from "#shared/core/workspace/footprint";
import { DataRanges, type Range } from "#shared/core/workspace/holes";
import {
  type ManifestDirectory,
  type ManifestSymlink,
  timeRangeMs,
} from "#shared/core/workspace/manifest";
import { confinePath, linkTargetFault } from "#shared/core/workspace/paths";
import { Remarks } from "./remarks.ts";

export interface FoundFile {
  readonly path: string;
  readonly type: "file";
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly mode: number;
  readonly modifiedAt: number;
  /** The ranges of a sparse file that hold data; undefined for a file without holes. */
  readonly ranges?: readonly Range[];
  /** Another name of the file that was found at that path. */
  readonly linkTo?: string;
}

export type WorkspaceEntry = FoundFile | ManifestSymlink | ManifestDirectory;

export interface Scan {
  /** In tree order. */
  readonly found: readonly WorkspaceEntry[];
  /** What can't be saved, and why. */
  readonly skipped: Remarks;
  /** What is saved differently from how it was, and how. */
  readonly altered: Remarks;
}

export interface ScanLimits {
  readonly workspaceBytes: number;
  /** Paths that existed before; they have room whatever is new. */
  readonly known: ReadonlySet<string>;
  /** The most that all new paths may take in memory. */
  readonly pathsBytesMax: number;
}

const permissionBits = 0o777;
const specialBits = 0o7000;
const chunkBytes = 1024 * 1024;
/** One buffer for all files, most of which are small; a consumer is done with a chunk at once. */
const shared = Buffer.allocUnsafe(chunkBytes);
/** Pauses after this many entries, so that heartbeats go on however many small files there are. */
const entriesPerBreath = 200;
const statBlockBytes = 512;
/**
 * The most to read of files that occupy less room than their size. Reading their zeros takes time,
 * and nothing limits how many of them a sandbox makes; the workspace's size limits everything else.
 */
const sparseReadFactor = 2;

/** An odd file affects only itself; the folder's own mode isn't kept, so it must hide nothing. */
export async function scanWorkspace(folder: string, limits: ScanLimits): Promise<Scan> {
  chmodSync(folder, 0o700);
  const walk = new Walk(folder, limits);
  await walk.visitFolder("");
  return walk;
}

class Walk implements Scan {
  readonly found: WorkspaceEntry[] = [];
  readonly skipped = new Remarks();
  readonly altered = new Remarks();
  readonly #folder: string;
  readonly #limits: ScanLimits;
  /** First names by inode, for files that have more than one. */
  readonly #firstNames = new Map<number, FoundFile>();
  #pathsBytes = 0;
  #sparseBytesLeft: number;
  #visited = 0;

  constructor(folder: string, limits: ScanLimits) {
    this.#folder = folder;
    this.#limits = limits;
    this.#sparseBytesLeft = limits.workspaceBytes * sparseReadFactor;
  }

  async visitFolder(folderPath: string): Promise<void> {
    for (const name of namesIn(join(this.#folder, folderPath))) {
      const path = folderPath === "" ? name.toString() : `${folderPath}/${name}`;
      this.#visited += 1;
      if (this.#visited % entriesPerBreath === 0) await breathe();
      const why = this.#refusal(name, path);
      if (why !== undefined) this.skipped.add(path, why);
      else await this.#visit(path).catch((error: unknown) => this.#unreadable(path, error));
    }
  }

  /** Names that aren't UTF-8 are decoded with replacement characters, so they can't be kept. */
  #refusal(name: Uint8Array, path: string): string | undefined {
    const refused = isUtf8(name) ? confinePath(path).refused : "isn't valid Unicode";
    if (refused !== undefined) return refused;
    if (this.#limits.known.has(path)) return undefined;
    const { pathsBytesMax } = this.#limits;
    const isTooMuch = this.#pathsBytes + Buffer.byteLength(path) > pathsBytesMax;
    return isTooMuch ? `is beyond ${pathsBytesMax} bytes of paths` : undefined;
  }

  #unreadable(path: string, error: unknown): void {
    const code = error instanceof Error && "code" in error ? ` (${error.code})` : "";
    this.skipped.add(path, `can't be read${code}`);
  }

  async #visit(path: string): Promise<void> {
    const target = join(this.#folder, path);
    const stats = lstatSync(target);
    if (stats.isDirectory()) {
      const { mode, modifiedAt } = this.#attributes(path, stats);
      chmodSync(target, mode | 0o700);
      this.#add({ path, type: "directory", mode, modifiedAt });
      await this.visitFolder(path);
    } else if (stats.isSymbolicLink()) {
      this.#visitLink(path, target, stats);
    } else if (stats.isFile()) {
      await this.#visitFile(path, target, stats);
    } else {
      this.skipped.add(path, "is no file, folder or link");
    }
  }

  #add(entry: WorkspaceEntry): void {
    this.#pathsBytes += Buffer.byteLength(entry.path);
    this.found.push(entry);
  }

  #visitLink(path: string, target: string, stats: Stats): void {
    const to = readlinkSync(target, { encoding: "buffer" });
    const fault = isUtf8(to) ? linkTargetFault(to.toString()) : "is a link to no valid Unicode";
    if (fault !== undefined) {
      this.skipped.add(path, fault);
      return;
    }
    const { modifiedAt } = this.#attributes(path, stats);
    this.#add({ path, type: "symlink", target: to.toString(), modifiedAt });
  }

  async #visitFile(path: string, target: string, stats: Stats): Promise<void> {
    const first = stats.nlink > 1 ? this.#firstNames.get(stats.ino) : undefined;
    if (first !== undefined) {
      this.#add({ ...first, path, linkTo: first.path });
      return;
    }
    const isSparse = stats.blocks * statBlockBytes < stats.size;
    const fault = this.#sizeFault(stats.size, isSparse);
    if (fault !== undefined) {
      this.skipped.add(path, fault);
      return;
    }
    const { mode, modifiedAt } = this.#attributes(path, stats);
    if ((stats.mode & 0o400) === 0) chmodSync(target, mode | 0o400);
    const content = await readContent(target, isSparse);
    const file: FoundFile = { path, type: "file", ...content, mode, modifiedAt };
    if (stats.nlink > 1) this.#firstNames.set(stats.ino, file);
    this.#add(file);
  }

  #sizeFault(sizeBytes: number, isSparse: boolean): string | undefined {
    if (sizeBytes > largestFileBytes) return `is larger than ${largestFileBytes} bytes`;
    if (!isSparse) return undefined;
    const leftBytes = this.#sparseBytesLeft;
    if (sizeBytes > leftBytes) return `is sparse, and of such files ${leftBytes} bytes may follow`;
    this.#sparseBytesLeft -= sizeBytes;
    return undefined;
  }

  #attributes(path: string, stats: Stats): { mode: number; modifiedAt: number } {
    const { first, last } = timeRangeMs;
    const time = Math.round(stats.mtimeMs);
    const modifiedAt = Math.min(Math.max(time, first), last);
    if (modifiedAt !== time) this.altered.add(path, "has a time outside of the years 1 to 9999");
    if ((stats.mode & specialBits) !== 0)
      this.altered.add(path, "loses set-uid, set-gid or sticky");
    return { mode: stats.mode & permissionBits, modifiedAt };
  }
}

/** In tree order, which is by bytes. */
function namesIn(folder: string): Buffer[] {
  return readdirSync(folder, { encoding: "buffer" }).sort(Buffer.compare);
}

type Content = Pick<FoundFile, "sha256" | "sizeBytes" | "ranges">;

async function readContent(target: string, isSparse: boolean): Promise<Content> {
  const hash = createHash("sha256");
  const data = new DataRanges();
  const sizeBytes = await readChunks(target, (chunk, offsetBytes) => {
    hash.update(chunk);
    if (isSparse) data.add(chunk, offsetBytes, pageBytes);
  });
  const sha256 = hash.digest("hex");
  return isSparse ? { sha256, sizeBytes, ranges: data.ranges() } : { sha256, sizeBytes };
}

/** Passes on a file's bytes, and pauses so that heartbeats go on. */
async function readChunks(
  target: string,
  use: (chunk: Uint8Array, offsetBytes: number) => void,
): Promise<number> {
  const file = openSync(target, constants.O_RDONLY | constants.O_NOFOLLOW);
  let sizeBytes = 0;
  try {
    for (;;) {
      const readBytes = readSync(file, shared, 0, chunkBytes, sizeBytes);
      if (readBytes === 0) return sizeBytes;
      use(shared.subarray(0, readBytes), sizeBytes);
      sizeBytes += readBytes;
      if (readBytes === chunkBytes) await breathe();
    }
  } finally {
    closeSync(file);
  }
}

/** Reads one slice of a scanned file. */
export function readSlice(target: string, { offsetBytes, sizeBytes }: Range): Buffer {
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
