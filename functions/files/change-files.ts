/** Adds a file to a manifest, or removes an entry. */
import {
  impliedMode,
  inOrderSteps,
  type Manifest,
  type ManifestDirectory,
  type ManifestEntry,
  type ManifestFile,
} from "#shared/core/workspace/manifest";
import {
  entryAt,
  folderOf,
  newFolderLengths,
  placeOf,
  rangeBelow,
} from "#shared/core/workspace/tree-order";
import { ApiError } from "#shared/errors/api-error";

/**
 * Puts a file into a manifest. A file that it replaces keeps its permissions.
 * @throws {ApiError} `INVALID_PATH` if a folder is where the file goes, or a file is where its
 * folder goes.
 */
export function* fileSteps({ entries }: Manifest, file: ManifestFile): Generator<void, Manifest> {
  for (const length of newFolderLengths("", file.path)) {
    const above = entryAt(entries, file.path.slice(0, length));
    if (above !== undefined && above.type !== "directory") throw collision(above);
  }
  const place = placeOf(entries, file.path);
  const there = entries[place]?.path === file.path ? entries[place] : undefined;
  const { start, end } = rangeBelow(entries, file.path);
  const below = there?.type === "directory" ? there : start < end ? entries[start] : undefined;
  if (below !== undefined) throw collision(below);
  const next = there?.type === "file" ? { ...file, mode: there.mode } : file;
  const after = there === undefined ? place : place + 1;
  return yield* inOrderSteps([...entries.slice(0, place), next, ...entries.slice(after)]);
}

/** The refusal of a path that something else is in the way of. */
export function collision({ path }: ManifestEntry): ApiError {
  const message = `The file path collides with ${JSON.stringify(path)}.`;
  return new ApiError("INVALID_PATH", { message });
}

/**
 * Removes a file, a link, or a folder with its contents; the parent folder stays.
 * @returns Null if there is nothing at that path.
 */
export function* withoutSteps(
  { entries }: Manifest,
  path: string,
): Generator<void, Manifest | null> {
  const place = placeOf(entries, path);
  const { start, end } = rangeBelow(entries, path);
  const isThere = entries[place]?.path === path;
  if (!isThere && start === end) return null;
  const kept = [...entries.slice(0, place), ...entries.slice(end)];
  return yield* inOrderSteps(withFolder(kept, folderOf(path)));
}

/** Adds an entry for a folder that nothing implies any more. */
export function withFolder(
  entries: readonly ManifestEntry[],
  path: string,
): readonly ManifestEntry[] {
  const place = placeOf(entries, path);
  const { start, end } = rangeBelow(entries, path);
  if (path === "" || start < end || entries[place]?.path === path) return entries;
  const folder: ManifestDirectory = { path, type: "directory", mode: impliedMode };
  return [...entries.slice(0, place), folder, ...entries.slice(place)];
}
