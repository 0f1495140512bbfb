/**
 * A workspace as a value: what is at which path, and where its bytes are. Files, history, diffs,
 * snapshots and merges work on manifests alone, so none of them copies data.
 */
import * as z from "zod";
import { packBytesMax } from "../../protocol/runner.ts";
import { largestFileBytes } from "../executions/profiles.ts";
import { atOnce, Pace } from "../steps.ts";
import { isConfined, linkTargetFault, pathBytesMax } from "./paths.ts";
import { compareTree, isBelow, newFolderLengths } from "./tree-order.ts";

/** The most parts of one file. Each names a pack, and a program can cut a file into any parts. */
export const partsMax = 2_500;
/** The years 1 to 9999, which every client can read and every file system can set. */
export const timeRangeMs = {
  first: Date.parse("0001-01-01T00:00:00.000Z"),
  last: Date.parse("9999-12-31T23:59:59.999Z"),
};

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().min(0);
/** Permission bits only: set-uid, set-gid and sticky bits don't survive an execution. */
const mode = z.int().min(0).max(0o777);
const path = z.string().max(pathBytesMax).refine(isConfined, "isn't confined");
/** Milliseconds since 1970. */
const time = z.int().min(timeRangeMs.first).max(timeRangeMs.last);

/**
 * Where a slice of a file is stored; a file's slices in order are its bytes. A slice without a pack
 * is a hole: zeros that take no room in storage or in a workspace.
 */
export const Part = z.object({
  pack: sha256.nullable(),
  offsetBytes: count.max(packBytesMax),
  sizeBytes: count.min(1).max(largestFileBytes),
});
export type Part = z.infer<typeof Part>;

export const ManifestFile = z.object({
  path,
  type: z.literal("file"),
  sha256,
  sizeBytes: count.max(largestFileBytes),
  mode,
  modifiedAt: time,
  parts: z.array(Part).max(partsMax),
  /** This entry is another name of the file at that earlier path; both are one file. */
  linkTo: path.optional(),
});
export type ManifestFile = z.infer<typeof ManifestFile>;

export const ManifestSymlink = z.object({
  path,
  type: z.literal("symlink"),
  target: z.string().refine((target) => linkTargetFault(target) === undefined),
  /** Entries that version 1 stored lack it. */
  modifiedAt: time.optional(),
});
export type ManifestSymlink = z.infer<typeof ManifestSymlink>;

/** A folder without an entry of its own is implied by what it holds. */
export const ManifestDirectory = z.object({
  path,
  type: z.literal("directory"),
  mode,
  modifiedAt: time.optional(),
});
export type ManifestDirectory = z.infer<typeof ManifestDirectory>;

export const ManifestEntry = z.discriminatedUnion("type", [
  ManifestFile,
  ManifestSymlink,
  ManifestDirectory,
]);
export type ManifestEntry = z.infer<typeof ManifestEntry>;

/** Entries are in tree order, and nothing lies below a file or a link. */
export interface Manifest {
  readonly v: 2;
  readonly entries: readonly ManifestEntry[];
}

export const emptyManifest: Manifest = { v: 2, entries: [] };

/** Sorts entries into the manifest's order. */
export function manifestOf(entries: Iterable<ManifestEntry>): Manifest {
  return manifestInOrder([...entries].sort((a, b) => compareTree(a.path, b.path)));
}

/** Makes a manifest from entries that are in order already. */
export function manifestInOrder(entries: readonly ManifestEntry[]): Manifest {
  return atOnce(inOrderSteps(entries));
}

/** The same in steps. */
export function* inOrderSteps(entries: readonly ManifestEntry[]): Generator<void, Manifest> {
  return { v: 2, entries: yield* relinkSteps(entries) };
}

/** The work of looking at an entry: about the bytes of its line, without encoding it. */
export function roughBytesOf(entry: ManifestEntry): number {
  const { length } = entry.path;
  if (entry.type === "directory") return 64 + length;
  if (entry.type === "symlink") return 64 + length + entry.target.length;
  return 192 + length + (entry.linkTo?.length ?? 0) + 112 * entry.parts.length;
}

/**
 * Names of one file stay linked while they agree. If the first of them is gone or is another file
 * now, the next one takes its place.
 */
function* relinkSteps(
  entries: readonly ManifestEntry[],
): Generator<void, readonly ManifestEntry[]> {
  const pace = new Pace();
  const targets = new Set<string>();
  for (const entry of entries) {
    const target = linkOf(entry);
    if (pace.isDue(32 + (target?.length ?? 0))) yield;
    if (target !== undefined) targets.add(target);
  }
  if (targets.size === 0) return entries;
  /** Maps each path that was linked to onto the entry that now represents that file. */
  const firsts = new Map<string, ManifestFile>();
  const relinked: ManifestEntry[] = [];
  for (const entry of entries) {
    if (pace.isDue(roughBytesOf(entry))) yield;
    relinked.push(entry.type === "file" ? relink(entry, targets, firsts) : entry);
  }
  return relinked;
}

/** @param firsts Gets the file if it represents others. */
function relink(
  file: ManifestFile,
  targets: ReadonlySet<string>,
  firsts: Map<string, ManifestFile>,
): ManifestFile {
  const { linkTo, ...alone } = file;
  if (linkTo === undefined) {
    if (targets.has(file.path)) firsts.set(file.path, file);
    return file;
  }
  const first = firsts.get(linkTo);
  if (first !== undefined && isSameFile(first, file)) return { ...alone, linkTo: first.path };
  firsts.set(linkTo, alone);
  return alone;
}

function linkOf(entry: ManifestEntry): string | undefined {
  return entry.type === "file" ? entry.linkTo : undefined;
}

/** Whether two names can belong to one file: content, mode and time must be equal. */
export function isSameFile(a: ManifestFile, b: ManifestFile): boolean {
  return a.sha256 === b.sha256 && a.mode === b.mode && a.modifiedAt === b.modifiedAt;
}

/** The packs that a manifest needs, each once. */
export function packsOf(manifest: Manifest): Set<string> {
  const packs = new Set<string>();
  for (const entry of manifest.entries) {
    if (entry.type !== "file") continue;
    for (const { pack } of entry.parts) if (pack !== null) packs.add(pack);
  }
  return packs;
}

/** The mode of a folder without an entry. */
export const impliedMode = 0o755;

/** Adds an entry for each folder that had none. */
export function withFolders({ entries }: Manifest): ManifestEntry[] {
  const all: ManifestEntry[] = [];
  let previous = "";
  for (const entry of entries) {
    for (const length of newFolderLengths(previous, entry.path)) {
      all.push({ path: entry.path.slice(0, length), type: "directory", mode: impliedMode });
    }
    all.push(entry);
    previous = entry.path;
  }
  return all;
}

/** Whether `next` adds nothing to `base`; fields that `base` lacks may appear. */
export function isUnchanged(base: Manifest, next: Manifest): boolean {
  const [before, after] = [withFolders(base), withFolders(next)];
  return (
    before.length === after.length &&
    before.every((was, index) => {
      const is = after[index];
      const isSame = was.path === is?.path && sameEntry(was, is) && linkOf(was) === linkOf(is);
      return isSame && (was.modifiedAt === undefined || was.modifiedAt === is.modifiedAt);
    })
  );
}

/** Same kind, content and mode. Times and storage locations don't count. */
export function sameEntry(a: ManifestEntry | undefined, b: ManifestEntry | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  if (a.type === "symlink") return b.type === "symlink" && a.target === b.target;
  if (a.type === "directory") return b.type === "directory" && a.mode === b.mode;
  return b.type === "file" && a.mode === b.mode && a.sha256 === b.sha256;
}

export interface ManifestDiff {
  readonly created: ManifestEntry[];
  readonly modified: ManifestEntry[];
  /** The entries as they were in the base. */
  readonly deleted: ManifestEntry[];
}

/** What happened to each path. Folders are listed only while they are empty. */
export function diffManifests(base: Manifest, next: Manifest): ManifestDiff {
  return atOnce(diffSteps(base, next));
}

/** The same in steps. */
export function* diffSteps(base: Manifest, next: Manifest): Generator<void, ManifestDiff> {
  const pace = new Pace();
  const diff: ManifestDiff = { created: [], modified: [], deleted: [] };
  for (const { was, is } of pathsOf(toldOf(base), toldOf(next))) {
    if (pace.isDue(2 * (was ?? is ?? { path: "" }).path.length)) yield;
    if (was === undefined) diff.created.push(...(is === undefined ? [] : [is]));
    else if (is === undefined) diff.deleted.push(was);
    else if (!sameEntry(was, is)) diff.modified.push(is);
  }
  return diff;
}

function toldOf({ entries }: Manifest): readonly ManifestEntry[] {
  return entries.filter(({ type, path: at }, index) => {
    const next = entries[index + 1];
    return type !== "directory" || next === undefined || !isBelow(next.path, at);
  });
}

interface Pair {
  readonly was: ManifestEntry | undefined;
  readonly is: ManifestEntry | undefined;
}

/** Walks two sorted lists side by side. */
function* pathsOf(
  before: readonly ManifestEntry[],
  after: readonly ManifestEntry[],
): Generator<Pair> {
  let [left, right] = [0, 0];
  for (;;) {
    const [was, is] = [before[left], after[right]];
    if (was === undefined && is === undefined) return;
    const order = was === undefined ? 1 : is === undefined ? -1 : compareTree(was.path, is.path);
    if (order <= 0) left += 1;
    if (order >= 0) right += 1;
    yield { was: order <= 0 ? was : undefined, is: order >= 0 ? is : undefined };
  }
}
