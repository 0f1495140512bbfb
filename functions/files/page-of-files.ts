/**
 * One page of a workspace's tree. It is counted in one pass, and only the shown entries are built.
 */
import { Pace } from "#shared/core/steps";
import type { Manifest, ManifestEntry } from "#shared/core/workspace/manifest";
import { newFolderLengths, rangeBelow } from "#shared/core/workspace/tree-order";
import { ApiError } from "#shared/errors/api-error";
import { pacedWork } from "#shared/limits/paced-work";
import { runPaced } from "#shared/workspace/paced-steps";

const slash = 0x2f;
/** What an entry takes besides its path, as if it were characters. */
const workPerEntry = 64;

export interface ShownEntry {
  readonly path: string;
  readonly type: "file" | "directory";
  readonly sizeBytes: number;
  /** Milliseconds since 1970; undefined if unknown. */
  readonly modifiedAt: number | undefined;
}

export interface PageQuery {
  /** Empty for the workspace itself. */
  readonly folder: string;
  /** 1 lists the folder's own entries; −1 lists everything below. */
  readonly depth: number;
  readonly limit: number;
  readonly offset: number;
}

export interface PageOfFiles {
  readonly shown: readonly ShownEntry[];
  readonly total: number;
}

/** Null if there is no such folder. A folder without an entry is implied by what it holds. */
export function* pageSteps(
  { entries }: Manifest,
  query: PageQuery,
): Generator<void, PageOfFiles | null> {
  const pace = new Pace();
  const { folder, depth, limit, offset } = query;
  const { start, end } = rangeBelow(entries, folder);
  const isThere = folder === "" || start < end || isFolder(entries[start - 1], folder);
  if (!isThere) return null;
  const shown: ShownEntry[] = [];
  let total = 0;
  const add = (build: () => ShownEntry) => {
    if (total >= offset && shown.length < limit) shown.push(build());
    total += 1;
  };
  const skippedSlashes = folder === "" ? 0 : slashesIn(folder) + 1;
  const levels = depth < 0 ? Number.POSITIVE_INFINITY : depth;
  let previous = folder;
  for (let index = start; index < end; index += 1) {
    const entry = entries[index];
    if (entry === undefined) break;
    const { path } = entry;
    if (pace.isDue(path.length + workPerEntry)) yield;
    const level = slashesIn(path) - skippedSlashes + 1;
    const lengths = newFolderLengths(previous, path);
    for (const [position, length] of lengths.entries()) {
      if (level - lengths.length + position > levels) break;
      add(() => implied(entry, length));
    }
    if (level <= levels) add(() => shownOf(entry));
    previous = path;
  }
  return { shown, total };
}

/**
 * The page, made in pieces with rests between, because a list has a hundred thousand entries and a
 * request for any page of it costs nothing (TEN-1).
 * @throws {ApiError} `NOT_FOUND` if there is no such folder; `UNAVAILABLE` if the client goes.
 */
export async function readPageOfFiles(
  manifest: Manifest,
  query: PageQuery,
  signal: AbortSignal,
): Promise<PageOfFiles> {
  const page = await runPaced(pageSteps(manifest, query), pacedWork.newPieces(), signal);
  if (page === null) throw new ApiError("NOT_FOUND", { message: "There is no such folder." });
  return page;
}

function isFolder(entry: ManifestEntry | undefined, path: string): boolean {
  return entry?.type === "directory" && entry.path === path;
}

function slashesIn(path: string): number {
  let count = 0;
  for (let index = 0; index < path.length; index += 1) {
    if (path.charCodeAt(index) === slash) count += 1;
  }
  return count;
}

/** An implied folder is as old as the first thing in it. */
function implied({ path, modifiedAt }: ManifestEntry, length: number): ShownEntry {
  return { path: path.slice(0, length), type: "directory", sizeBytes: 0, modifiedAt };
}

/** Links are shown as files, because only the sandbox can say what they lead to. */
function shownOf(entry: ManifestEntry): ShownEntry {
  const { path, modifiedAt } = entry;
  const type = entry.type === "directory" ? "directory" : "file";
  return { path, type, sizeBytes: entry.type === "file" ? entry.sizeBytes : 0, modifiedAt };
}
