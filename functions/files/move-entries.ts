/** Makes folders in a manifest, and moves entries within it. */
import {
  impliedMode,
  type Manifest,
  type ManifestEntry,
  manifestInOrder,
} from "#shared/core/workspace/manifest";
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
import { requirePathInWorkspace } from "./upload-path.ts";

/**
 * Adds a folder. Folders above it are implied.
 * @returns Null if it is there already.
 * @throws {ApiError} `INVALID_PATH` if a file is in its way.
 */
export function withNewFolder(
  { entries }: Manifest,
  { path, now }: { readonly path: string; readonly now: number },
): Manifest | null {
  requireFolders(entries, path);
  const place = placeOf(entries, path);
  const there = entries[place]?.path === path ? entries[place] : undefined;
  if (there !== undefined && there.type !== "directory") throw collision(there);
  const { start, end } = rangeBelow(entries, path);
  if (there !== undefined || start < end) return null;
  const folder = { path, type: "directory", mode: impliedMode, modifiedAt: now } as const;
  return manifestInOrder([...entries.slice(0, place), folder, ...entries.slice(place)]);
}

/**
 * Moves a file, a link, or a folder with its contents. The folder that it was in stays, and folders
 * above its new place are implied. Nothing is replaced.
 * @returns Null if there is nothing at `from`.
 * @throws {ApiError} `CONFLICT` if something is where it goes; `INVALID_PATH` if a file is where a
 * folder of its new path goes, if it would be moved into itself, or if a path became too long.
 */
export function withMoved({ entries }: Manifest, paths: MovedPaths): Manifest | null {
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
  const moved = entries.slice(first, end).map((entry) => ({
    ...entry,
    path: requirePathInWorkspace(`${target}${entry.path.slice(from.length)}`),
  }));
  const kept = withFolder([...entries.slice(0, first), ...entries.slice(end)], folderOf(from));
  // The target's own folder may have been an entry only because it was empty; it stays one.
  const place = placeOf(kept, target);
  const all = [...kept.slice(0, place), ...moved, ...kept.slice(place)];
  return manifestInOrder(relinked(all, paths));
}

export interface MovedPaths {
  readonly from: string;
  readonly to: string;
}

/** A file with several names is listed under the first of them; after a move it may be another. */
function relinked(
  entries: readonly ManifestEntry[],
  { from, to: target }: MovedPaths,
): readonly ManifestEntry[] {
  const nowAt = (path: string) =>
    path === from || isBelow(path, from) ? `${target}${path.slice(from.length)}` : path;
  const linked = new Set(
    entries.flatMap((entry) =>
      entry.type === "file" && entry.linkTo !== undefined ? [nowAt(entry.linkTo)] : [],
    ),
  );
  const firsts = new Map<string, string>();
  return entries.map((entry) => {
    if (entry.type !== "file") return entry;
    const { linkTo, ...alone } = entry;
    const file = linkTo === undefined ? entry.path : nowAt(linkTo);
    if (!linked.has(file)) return entry;
    const first = firsts.get(file);
    if (first !== undefined) return { ...alone, linkTo: first };
    firsts.set(file, entry.path);
    return alone;
  });
}

/** @throws {ApiError} `INVALID_PATH` if something else is where a folder above `path` goes. */
function requireFolders(entries: readonly ManifestEntry[], path: string): void {
  for (const length of newFolderLengths("", path)) {
    const above = entryAt(entries, path.slice(0, length));
    if (above !== undefined && above.type !== "directory") throw collision(above);
  }
}
