/** Fetches a workspace: its manifest, then its packs, whose contents are written to files. */
import {
  chmodSync,
  closeSync,
  constants,
  ftruncateSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  openSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import type { WorkspaceRoom } from "#shared/core/executions/profiles";
import { fitManifest } from "#shared/core/workspace/fit-manifest";
import {
  emptyManifest,
  type Manifest,
  type ManifestEntry,
  type ManifestFile,
  withFolders,
} from "#shared/core/workspace/manifest";
import { parseManifest } from "#shared/core/workspace/manifest-bytes";
import { ManifestError } from "#shared/core/workspace/manifest-error";
import { folderOf } from "#shared/core/workspace/tree-order";
import type { LineIndex } from "./line-index.ts";

export interface WorkspaceSource {
  /** Null if there is no object of that name. */
  manifest(digest: string): Promise<Uint8Array | null>;
  pack(digest: string): Promise<Uint8Array | null>;
}

interface PackSlice {
  readonly file: ManifestFile;
  readonly packOffsetBytes: number;
  readonly fileOffsetBytes: number;
  readonly sizeBytes: number;
}

/** An entry that couldn't be fetched. `why` continues a sentence that begins with its name. */
export interface Absent {
  readonly entry: ManifestEntry;
  readonly why: string;
}

/** Packs have up to 24 MB each, so this bounds memory. */
const fetchesMax = 3;
const noRoom = "has no room here";

export interface Fetched {
  readonly manifest: Manifest;
  /** Whether this is an older manifest because the newest can't be read. */
  readonly isOlder: boolean;
}

/** The first of these manifests that can be read; an empty one if none can, or for null. */
export async function fetchManifest(
  source: WorkspaceSource,
  newestFirst: readonly (string | null)[],
): Promise<Fetched> {
  for (const [index, digest] of newestFirst.entries()) {
    if (digest === null) return { manifest: emptyManifest, isOlder: index > 0 };
    const manifest = readable(await source.manifest(digest));
    if (manifest !== null) return { manifest, isOlder: index > 0 };
  }
  return { manifest: emptyManifest, isOlder: true };
}

function readable(bytes: Uint8Array | null): Manifest | null {
  try {
    return bytes === null ? null : parseManifest(bytes);
  } catch (error) {
    if (error instanceof ManifestError) return null;
    throw error;
  }
}

export interface Filling {
  readonly folder: string;
  readonly room: WorkspaceRoom;
  readonly lines: LineIndex;
}

/**
 * Fills `folder`, which must be empty, with everything that fits. The manifest has been checked, so
 * its paths are confined.
 * @returns The entries that couldn't be fetched.
 */
export async function fillWorkspace(
  source: WorkspaceSource,
  manifest: Manifest,
  filling: Filling,
): Promise<Absent[]> {
  const { manifest: kept, left } = fitManifest(manifest, filling.room);
  const fill = new Fill(filling);
  const entries = withFolders(kept);
  for (const entry of entries) fill.attempt(entry, () => fill.makePlace(entry));
  const pending = [...slicesByPack(kept)];
  const worker = async () => {
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const [pack, slices] = next;
      fill.write(await source.pack(pack), slices);
    }
  };
  await Promise.all(Array.from({ length: fetchesMax }, worker));
  // Finishes a folder's contents before the folder, because each change would change its time.
  for (const entry of entries.toReversed()) fill.attempt(entry, () => fill.finish(entry));
  return [...left.map((entry) => ({ entry, why: noRoom })), ...fill.absent.values()];
}

function slicesByPack(manifest: Manifest): Map<string, PackSlice[]> {
  const byPack = new Map<string, PackSlice[]>();
  for (const file of manifest.entries) {
    if (file.type !== "file" || file.linkTo !== undefined) continue;
    let fileOffsetBytes = 0;
    for (const { pack, offsetBytes, sizeBytes } of file.parts) {
      const slice = { file, packOffsetBytes: offsetBytes, fileOffsetBytes, sizeBytes };
      fileOffsetBytes += sizeBytes;
      if (pack === null) continue;
      const slices = byPack.get(pack);
      if (slices === undefined) byPack.set(pack, [slice]);
      else slices.push(slice);
    }
  }
  return byPack;
}

class Fill {
  readonly absent = new Map<string, Absent>();
  readonly #folder: string;
  readonly #lines: LineIndex;

  constructor({ folder, lines }: Filling) {
    this.#folder = folder;
    this.#lines = lines;
  }

  /** If a file unexpectedly doesn't fit, only that file is left out. */
  attempt(entry: ManifestEntry, what: () => void): void {
    if (this.absent.has(entry.path)) return;
    if (this.absent.has(folderOf(entry.path))) {
      this.absent.set(entry.path, { entry, why: noRoom });
      return;
    }
    try {
      what();
    } catch (error) {
      if (!isFull(error)) throw error;
      this.#giveUp(entry, noRoom);
    }
  }

  #giveUp(entry: ManifestEntry, why: string): void {
    this.absent.set(entry.path, { entry, why });
    if (entry.type !== "directory") rmSync(this.#at(entry), { force: true });
  }

  #at({ path }: ManifestEntry): string {
    return join(this.#folder, path);
  }

  makePlace(entry: ManifestEntry): void {
    const target = this.#at(entry);
    if (entry.type === "directory") mkdirSync(target);
    if (entry.type !== "file" || entry.linkTo !== undefined) return;
    const file = openNew(target);
    try {
      // Parts that aren't written become holes.
      ftruncateSync(file, entry.sizeBytes);
    } finally {
      closeSync(file);
    }
  }

  write(pack: Uint8Array | null, slices: readonly PackSlice[]): void {
    for (const slice of slices) {
      const { file, packOffsetBytes, sizeBytes } = slice;
      if (this.absent.has(file.path)) continue;
      const bytes = pack?.subarray(packOffsetBytes, packOffsetBytes + sizeBytes);
      if (bytes === undefined) this.#giveUp(file, "has lost some of its bytes in storage");
      else if (bytes.length < sizeBytes) this.#giveUp(file, "reaches beyond its pack");
      else this.attempt(file, () => this.#writeSlice(slice, bytes));
    }
  }

  #writeSlice({ file, fileOffsetBytes }: PackSlice, bytes: Uint8Array): void {
    const handle = openNew(this.#at(file));
    try {
      let written = 0;
      while (written < bytes.length) {
        const at = fileOffsetBytes + written;
        written += writeSync(handle, bytes, written, bytes.length - written, at);
      }
    } finally {
      closeSync(handle);
    }
    if (fileOffsetBytes === 0) this.#lines.record(file.path, bytes);
  }

  /** Links are made last, so nothing is ever written through one. */
  finish(entry: ManifestEntry): void {
    const target = this.#at(entry);
    // Negative numbers would mean "now".
    const time = entry.modifiedAt === undefined ? undefined : new Date(entry.modifiedAt);
    if (entry.type === "symlink") {
      symlinkSync(entry.target, target);
      if (time !== undefined) lutimesSync(target, time, time);
      return;
    }
    if (entry.type === "file" && entry.linkTo !== undefined) {
      this.#link(entry, entry.linkTo);
      return;
    }
    if (time !== undefined) utimesSync(target, time, time);
    chmodSync(target, entry.mode);
  }

  /** The first name gets mode and time later, which apply to the same file. */
  #link(entry: ManifestFile, first: string): void {
    const missing = this.absent.get(first);
    if (missing !== undefined) this.absent.set(entry.path, { entry, why: missing.why });
    else linkSync(join(this.#folder, first), this.#at(entry));
  }
}

function isFull(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOSPC";
}

function openNew(path: string): number {
  return openSync(path, constants.O_CREAT | constants.O_WRONLY | constants.O_NOFOLLOW, 0o600);
}
