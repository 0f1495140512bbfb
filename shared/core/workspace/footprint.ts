/** Computes the room that a workspace needs where it is restored, and which entries fit. Pure. */

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

/** The most bytes of all paths together: they are kept in memory, and every reader reads them. */
export const pathsBytesMax = 8 * 1024 * 1024;
/** A workspace's file system allocates whole pages. */
export const pageBytes = 4_096;
/** A link's target up to this length is stored in its inode, a longer one in a page. */
const shortTargetBytesMax = 127;

export interface Footprint extends WorkspaceRoom {
  readonly pathsBytes: number;
  readonly fileCount: number;
  /** The size of the files as read, including holes. */
  readonly totalBytes: number;
}

export interface Fitted {
  readonly manifest: Manifest;
  /** The entries that don't fit. */
  readonly left: readonly ManifestEntry[];
}

/** Takes one pass, and counts a file with several names once. */
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

/** Pages that hold data; a page that two parts share counts once. */
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
 * The part of a manifest that fits, in its order; entries that `isFirst` selects come first.
 * Entries bring their folders with them. Returns all of it if all of it fits.
 */
export function fitManifest(
  manifest: Manifest,
  room: WorkspaceRoom,
  isFirst: (entry: ManifestEntry) => boolean = () => true,
): Fitted {
  if (fits(footprintOf(manifest), room)) return { manifest, left: [] };
  return atOnce(choose(manifest, room, isFirst));
}

/** The same for the stored form, which has a limit of its own; in steps. */
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

  /** Keeps entries that are wanted and fit, with the folders that contain them. */
  *take(isWanted: (entry: ManifestEntry) => boolean): Generator<void, void> {
    const folders: ManifestEntry[] = [];
    for (const [index, entry] of this.#all.entries()) {
      if (index % entriesPerStep === 0) yield;
      while (folders.length > 0 && !isBelow(entry.path, folders.at(-1)?.path ?? "")) folders.pop();
      if (isWanted(entry)) this.#keep([...folders, ...this.#firstNameOf(entry), entry]);
      if (entry.type === "directory") folders.push(entry);
    }
  }

  /** What a further name of a file depends on: the file's first name and that name's folders. */
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
