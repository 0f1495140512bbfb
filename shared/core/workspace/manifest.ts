/**
 * A workspace as a value: what stands at which path, and where its bytes lie. Files, history,
 * diffs, snapshots and merges work on manifests alone, so none of them copies data.
 */
import * as z from "zod";
import { packBytesMax } from "../../protocol/runner.ts";
import { largestFileBytes } from "../executions/profiles.ts";
import { isConfined, linkTargetFault, pathBytesMax } from "./paths.ts";
import { compareTree, isBelow, newFolderLengths } from "./tree-order.ts";

/** Of one file: each needs a pack's name, and a stranger's file can be cut into any number. */
export const partsMax = 2_500;
/** The years 1 to 9999: what every client can read, and every file system can set. */
export const timeRangeMs = {
  first: Date.parse("0001-01-01T00:00:00.000Z"),
  last: Date.parse("9999-12-31T23:59:59.999Z"),
};

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().min(0);
/** Permission bits alone: set-uid, set-gid and sticky don't survive an execution. */
const mode = z.int().min(0).max(0o777);
const path = z.string().max(pathBytesMax).refine(isConfined, "isn't confined");
/** Milliseconds since 1970. */
const time = z.int().min(timeRangeMs.first).max(timeRangeMs.last);

/**
 * Where a slice of a file lies; the slices, in order, are its bytes. Without a pack it is a hole:
 * zeros that take no room, neither in storage nor in a workspace.
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
  /** Another name of the file at that path, which comes before this one: the two are one file. */
  linkTo: path.optional(),
});
export type ManifestFile = z.infer<typeof ManifestFile>;

export const ManifestSymlink = z.object({
  path,
  type: z.literal("symlink"),
  target: z.string().refine((target) => linkTargetFault(target) === undefined),
  /** Not known of those that version 1 stored. */
  modifiedAt: time.optional(),
});
export type ManifestSymlink = z.infer<typeof ManifestSymlink>;

/** A folder that has no entry of its own follows from what it holds. */
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

/** In tree order; nothing lies below a file or a link. */
export interface Manifest {
  readonly v: 2;
  readonly entries: readonly ManifestEntry[];
}

export const emptyManifest: Manifest = { v: 2, entries: [] };

/** Brings entries into the manifest's order. */
export function manifestOf(entries: Iterable<ManifestEntry>): Manifest {
  const sorted = [...entries].sort((a, b) => compareTree(a.path, b.path));
  return { v: 2, entries: relink(sorted) };
}

/** Of entries that are in order already. */
export function manifestInOrder(entries: readonly ManifestEntry[]): Manifest {
  return { v: 2, entries: relink(entries) };
}

/**
 * Names of one file stay so while they say the same of it. Where the first of them is gone or has
 * become another file, the next one takes its place.
 */
function relink(entries: readonly ManifestEntry[]): readonly ManifestEntry[] {
  const linked = entries.flatMap((entry) => (linkOf(entry) === undefined ? [] : [linkOf(entry)]));
  if (linked.length === 0) return entries;
  const targets = new Set(linked);
  /** By the path that was linked to: who stands for that file now. */
  const firsts = new Map<string, ManifestFile>();
  return entries.map((entry) => {
    if (entry.type !== "file") return entry;
    const { linkTo, ...alone } = entry;
    if (linkTo === undefined) {
      if (targets.has(entry.path)) firsts.set(entry.path, entry);
      return entry;
    }
    const first = firsts.get(linkTo);
    if (first !== undefined && isSameFile(first, entry)) return { ...alone, linkTo: first.path };
    firsts.set(linkTo, alone);
    return alone;
  });
}

function linkOf(entry: ManifestEntry): string | undefined {
  return entry.type === "file" ? entry.linkTo : undefined;
}

/** Whether two names can be of one file: it has one content, one mode and one time. */
export function isSameFile(a: ManifestFile, b: ManifestFile): boolean {
  return a.sha256 === b.sha256 && a.mode === b.mode && a.modifiedAt === b.modifiedAt;
}

/** The packs a manifest needs, each once. */
export function packsOf(manifest: Manifest): Set<string> {
  const packs = new Set<string>();
  for (const entry of manifest.entries) {
    if (entry.type !== "file") continue;
    for (const { pack } of entry.parts) if (pack !== null) packs.add(pack);
  }
  return packs;
}

/** What is known of a folder without an entry. */
export const impliedMode = 0o755;

/** With an entry for each folder that had none. */
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

/** Whether `next` tells of nothing that `base` doesn't; what `base` leaves open may be said. */
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

/** Same kind, content and mode. Times and the place of the bytes don't count. */
export function sameEntry(a: ManifestEntry | undefined, b: ManifestEntry | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  if (a.type === "symlink") return b.type === "symlink" && a.target === b.target;
  if (a.type === "directory") return b.type === "directory" && a.mode === b.mode;
  return b.type === "file" && a.mode === b.mode && a.sha256 === b.sha256;
}

export interface ManifestDiff {
  readonly created: ManifestEntry[];
  readonly modified: ManifestEntry[];
  /** As they stood in the base. */
  readonly deleted: ManifestEntry[];
}

/** What became of each path. Folders are told only while they hold nothing. */
export function diffManifests(base: Manifest, next: Manifest): ManifestDiff {
  const diff: ManifestDiff = { created: [], modified: [], deleted: [] };
  for (const { was, is } of pathsOf(toldOf(base), toldOf(next))) {
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

/** Walks two lists that are in order, side by side. */
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
