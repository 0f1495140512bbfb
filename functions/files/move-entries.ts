/** Makes folders in a manifest, and moves entries within it. */
import { Pace } from "#shared/core/steps";
import { pathsBytesMax } from "#shared/core/workspace/footprint";
import {
  impliedMode,
  inOrderSteps,
  type Manifest,
  type ManifestEntry,
  type ManifestFile,
  roughBytesOf,
} from "#shared/core/workspace/manifest";
import { pathBytesMax } from "#shared/core/workspace/paths";
import {
  entryAt,
  folderOf,
  isBelow,
  newFolderLengths,
  placeOf,
  rangeBelow,
} from "#shared/core/workspace/tree-order";
import { ApiError } from "#shared/errors/api-error";
import { collision, withFolder } from "./change-files.ts";

/**
 * Adds a folder. Folders above it are implied.
 * @returns Null if it is there already.
 * @throws {ApiError} `INVALID_PATH` if a file is in its way.
 */
export function* newFolderSteps(
  { entries }: Manifest,
  { path, now }: { readonly path: string; readonly now: number },
): Generator<void, Manifest | null> {
  requireFolders(entries, path);
  const place = placeOf(entries, path);
  const there = entries[place]?.path === path ? entries[place] : undefined;
  if (there !== undefined && there.type !== "directory") throw collision(there);
  const { start, end } = rangeBelow(entries, path);
  if (there !== undefined || start < end) return null;
  const folder = { path, type: "directory", mode: impliedMode, modifiedAt: now } as const;
  return yield* inOrderSteps([...entries.slice(0, place), folder, ...entries.slice(place)]);
}

/**
 * Moves a file, a link, or a folder with its contents. The folder that it was in stays, and folders
 * above its new place are implied. Nothing is replaced.
 * @returns Null if there is nothing at `from`.
 * @throws {ApiError} `CONFLICT` if something is where it goes; `INVALID_PATH` if a file is where a
 * folder of its new path goes, if it would be moved into itself, or if a path became too long;
 * `WORKSPACE_FULL` if all paths became too long together.
 */
export function* moveSteps(
  { entries }: Manifest,
  paths: MovedPaths,
): Generator<void, Manifest | null> {
  const { from, to: target } = paths;
  const first = placeOf(entries, from);
  const { start, end } = rangeBelow(entries, from);
  if (entries[first]?.path !== from && start === end) return null;
  if (from === target) return { v: 2, entries };
  if (isBelow(target, from)) {
    throw new ApiError("INVALID_PATH", { message: "A folder can't be moved into itself." });
  }
  requireFolders(entries, target);
  const below = rangeBelow(entries, target);
  if (entryAt(entries, target) || below.start < below.end) {
    const message = `There is something at ${JSON.stringify(target)} already; delete it first.`;
    throw new ApiError("CONFLICT", { message });
  }
  const moved = yield* movedSteps(entries.slice(first, end), paths);
  const kept = withFolder([...entries.slice(0, first), ...entries.slice(end)], folderOf(from));
  // The target's own folder may have been an entry only because it was empty; it stays one.
  const place = placeOf(kept, target);
  const all = [...kept.slice(0, place), ...moved, ...kept.slice(place)];
  return yield* inOrderSteps(yield* relinkedSteps(all, paths));
}

/**
 * The entries under their new paths. A short name may stand in each of a hundred thousand paths and
 * become a long one, so what they come to is known before they are made.
 */
function* movedSteps(
  entries: readonly ManifestEntry[],
  { from, to: target }: MovedPaths,
): Generator<void, readonly ManifestEntry[]> {
  const pace = new Pace();
  const growth = Buffer.byteLength(target) - Buffer.byteLength(from);
  let pathsBytes = 0;
  for (const { path } of entries) {
    if (pace.isDue(path.length)) yield;
    const bytes = Buffer.byteLength(path) + growth;
    // The rest of the path was confined before, and so was the target.
    if (bytes > pathBytesMax) {
      const message = `A file path would be longer than ${pathBytesMax} bytes.`;
      throw new ApiError("INVALID_PATH", { message });
    }
    pathsBytes += bytes;
  }
  if (growth > 0 && pathsBytes > pathsBytesMax) {
    const message = `All paths of a workspace have at most ${pathsBytesMax} bytes together.`;
    throw new ApiError("WORKSPACE_FULL", { message });
  }
  const moved: ManifestEntry[] = [];
  for (const entry of entries) {
    if (pace.isDue(roughBytesOf(entry))) yield;
    moved.push({ ...entry, path: `${target}${entry.path.slice(from.length)}` });
  }
  return moved;
}

export interface MovedPaths {
  readonly from: string;
  readonly to: string;
}

/** A file with several names is listed under the first of them; after a move it may be another. */
function* relinkedSteps(
  entries: readonly ManifestEntry[],
  { from, to: target }: MovedPaths,
): Generator<void, readonly ManifestEntry[]> {
  const pace = new Pace();
  const nowAt = (path: string) =>
    path === from || isBelow(path, from) ? `${target}${path.slice(from.length)}` : path;
  const linked = new Set<string>();
  for (const entry of entries) {
    if (pace.isDue(roughBytesOf(entry))) yield;
    if (entry.type === "file" && entry.linkTo !== undefined) linked.add(nowAt(entry.linkTo));
  }
  if (linked.size === 0) return entries;
  const firsts = new Map<string, string>();
  const all: ManifestEntry[] = [];
  for (const entry of entries) {
    if (pace.isDue(roughBytesOf(entry))) yield;
    all.push(entry.type === "file" ? relinked(entry) : entry);
  }
  return all;

  function relinked(entry: ManifestFile): ManifestFile {
    const { linkTo, ...alone } = entry;
    const file = linkTo === undefined ? entry.path : nowAt(linkTo);
    if (!linked.has(file)) return entry;
    const first = firsts.get(file);
    if (first !== undefined) return { ...alone, linkTo: first };
    firsts.set(file, entry.path);
    return alone;
  }
}

/** @throws {ApiError} `INVALID_PATH` if something else is where a folder above `path` goes. */
function requireFolders(entries: readonly ManifestEntry[], path: string): void {
  for (const length of newFolderLengths("", path)) {
    const above = entryAt(entries, path.slice(0, length));
    if (above !== undefined && above.type !== "directory") throw collision(above);
  }
}
