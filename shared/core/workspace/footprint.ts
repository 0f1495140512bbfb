/** Computes the room that a workspace needs where it is restored. Pure. */

import type { WorkspaceRoom } from "../executions/profiles.ts";
import { atOnce, Pace } from "../steps.ts";
import { type Manifest, type ManifestEntry, type ManifestFile, roughBytesOf } from "./manifest.ts";
import { newFolderLengths } from "./tree-order.ts";

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

/** Takes one pass, and counts a file with several names once. */
export function footprintOf(manifest: Manifest): Footprint {
  return atOnce(footprintSteps(manifest));
}

/** The same in steps. */
export function* footprintSteps({ entries }: Manifest): Generator<void, Footprint> {
  const pace = new Pace();
  const sum = { restoreBytes: 0, inodes: 0, pathsBytes: 0, fileCount: 0, totalBytes: 0 };
  let previous = "";
  for (const entry of entries) {
    if (pace.isDue(roughBytesOf(entry))) yield;
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

/** The bytes of whole pages; nothing for a folder or a further name of a file. */
export function restoreBytesOf(entry: ManifestEntry): number {
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
