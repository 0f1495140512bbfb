/** What a workspace takes where it is restored, and what of it fits. Pure arithmetic. */

import { manifestBytesMax } from "../../protocol/runner.ts";
import type { WorkspaceRoom } from "../executions/profiles.ts";
import { atOnce, entriesPerStep } from "../steps.ts";
import {
  type Manifest,
  type ManifestEntry,
  type ManifestFile,
  manifestInOrder,
  withFolders,
} from "./manifest.ts";
import { encodeSteps, entryLine } from "./manifest-bytes.ts";
import { entryAt, isBelow, newFolderLengths } from "./tree-order.ts";

/** All paths together: what is kept of a workspace in memory, and looked at by every reader. */
export const pathsBytesMax = 8 * 1024 * 1024;
/** A workspace's file system gives whole pages. */
export const pageBytes = 4_096;
/** A link's target up to this length lies beside its inode, a longer one in a page. */
const shortTargetBytesMax = 127;

export interface Footprint extends WorkspaceRoom {
  readonly pathsBytes: number;
  readonly fileCount: number;
  /** Of the files as they are read, holes included. */
  readonly totalBytes: number;
}

export interface Fitted {
  readonly manifest: Manifest;
  /** What there is no room for. */
  readonly left: readonly ManifestEntry[];
}

/** In one pass; a file with many names is counted once. */
export function footprintOf({ entries }: Manifest): Footprint {
  const sum = { restoreBytes: 0, inodes: 0, pathsBytes: 0, fileCount: 0, totalBytes: 0 };
  let previous = "";
  for (const entry of entries) {
    sum.inodes += 1 + newFolderLengths(previous, entry.path).length;
    sum.pathsBytes += Buffer.byteLength(entry.path);
    sum.restoreBytes += restoreBytesOf(entry);
    if (entry.type === "file") {
      sum.fileCount += 1;
      sum.totalBytes += entry.sizeBytes;
    }
    previous = entry.path;
  }
  return sum;
}

export function fits(footprint: Footprint, room: WorkspaceRoom): boolean {
  return (
    footprint.restoreBytes <= room.restoreBytes &&
    footprint.inodes <= room.inodes &&
    footprint.pathsBytes <= pathsBytesMax
  );
}

function restoreBytesOf(entry: ManifestEntry): number {
  if (entry.type === "directory") return 0;
  if (entry.type === "file") return entry.linkTo === undefined ? pagesOf(entry) * pageBytes : 0;
  return Buffer.byteLength(entry.target) > shortTargetBytesMax ? pageBytes : 0;
}

/** Pages that hold data, each once though two parts meet in it. */
function pagesOf({ parts }: ManifestFile): number {
  let [pages, position, counted] = [0, 0, 0];
  for (const { pack, sizeBytes } of parts) {
    const end = position + sizeBytes;
    if (pack !== null) {
      const [first, last] = [Math.floor(position / pageBytes), Math.ceil(end / pageBytes)];
      pages += last - Math.max(first, counted);
      counted = last;
    }
    position = end;
  }
  return pages;
}

/**
 * As much of a manifest as there is room for, in its order, what `isFirst` says before the rest.
 * Folders come with what they hold. All of it, where all of it fits.
 */
export function fitManifest(
  manifest: Manifest,
  room: WorkspaceRoom,
  isFirst: (entry: ManifestEntry) => boolean = () => true,
): Fitted {
  if (fits(footprintOf(manifest), room)) return { manifest, left: [] };
  return atOnce(choose(manifest, room, isFirst));
}

/** The same with the stored form, which has a limit of its own; in steps. */
export function* fitToStore(
  manifest: Manifest,
  room: WorkspaceRoom,
  isFirst: (entry: ManifestEntry) => boolean,
): Generator<void, Fitted & { readonly bytes: Uint8Array }> {
  if (fits(footprintOf(manifest), room)) {
    const bytes = yield* encodeSteps(manifest);
    if (bytes.length <= manifestBytesMax) return { manifest, left: [], bytes };
  }
  const fitted = yield* choose(manifest, room, isFirst);
  return { ...fitted, bytes: yield* encodeSteps(fitted.manifest) };
}

function* choose(
  manifest: Manifest,
  room: WorkspaceRoom,
  isFirst: (entry: ManifestEntry) => boolean,
): Generator<void, Fitted> {
  const all = withFolders(manifest);
  const choice = new Choice(all, room);
  yield* choice.take(isFirst);
  yield* choice.take((entry) => !isFirst(entry));
  return {
    manifest: manifestInOrder(all.filter((entry) => choice.kept.has(entry))),
    left: manifest.entries.filter((entry) => !choice.kept.has(entry)),
  };
}

interface Cost {
  restoreBytes: number;
  inodes: number;
  pathsBytes: number;
  manifestBytes: number;
}

class Choice {
  readonly kept = new Set<ManifestEntry>();
  readonly #all: readonly ManifestEntry[];
  readonly #left: Cost;

  constructor(all: readonly ManifestEntry[], { restoreBytes, inodes }: WorkspaceRoom) {
    this.#all = all;
    this.#left = {
      restoreBytes,
      inodes,
      pathsBytes: pathsBytesMax,
      // The first line isn't an entry's.
      manifestBytes: manifestBytesMax - 64,
    };
  }

  /** Keeps what is wanted and fits, each with the folders that it lies in. */
  *take(isWanted: (entry: ManifestEntry) => boolean): Generator<void, void> {
    const folders: ManifestEntry[] = [];
    for (const [index, entry] of this.#all.entries()) {
      if (index % entriesPerStep === 0) yield;
      while (folders.length > 0 && !isBelow(entry.path, folders.at(-1)?.path ?? "")) folders.pop();
      if (isWanted(entry)) this.#keep([...folders, ...this.#firstNameOf(entry), entry]);
      if (entry.type === "directory") folders.push(entry);
    }
  }

  /** What a further name of a file can't be without: the first one, and the folders of that. */
  #firstNameOf(entry: ManifestEntry): ManifestEntry[] {
    if (entry.type !== "file" || entry.linkTo === undefined) return [];
    const first = entryAt(this.#all, entry.linkTo);
    if (first === undefined || this.kept.has(first)) return [];
    const lengths = newFolderLengths("", first.path);
    const folders = lengths.map((length) => entryAt(this.#all, first.path.slice(0, length)));
    return [...folders, first].filter((needed) => needed !== undefined);
  }

  #keep(needed: readonly ManifestEntry[]): void {
    const missing = [...new Set(needed)].filter((entry) => !this.kept.has(entry));
    const costs = missing.map(costOf);
    const names = ["restoreBytes", "inodes", "pathsBytes", "manifestBytes"] as const;
    const sums = names.map((name) => costs.reduce((sum, cost) => sum + cost[name], 0));
    if (names.some((name, index) => (sums[index] ?? 0) > this.#left[name])) return;
    for (const [index, name] of names.entries()) this.#left[name] -= sums[index] ?? 0;
    for (const entry of missing) this.kept.add(entry);
  }
}

function costOf(entry: ManifestEntry): Cost {
  return {
    restoreBytes: restoreBytesOf(entry),
    inodes: 1,
    pathsBytes: Buffer.byteLength(entry.path),
    manifestBytes: Buffer.byteLength(entryLine(entry)),
  };
}
