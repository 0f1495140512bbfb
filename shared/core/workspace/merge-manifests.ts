/** Merges two executions on one workspace path by path; nothing that either wrote is lost. */
import { atOnce, Pace } from "../steps.ts";
import { conflictMark, conflictPath, contentOf } from "./conflict-name.ts";
import {
  inOrderSteps,
  type Manifest,
  type ManifestEntry,
  roughBytesOf,
  sameEntry,
} from "./manifest.ts";
import { mergeSortedSteps, sortSteps, treeSortSteps } from "./sort-steps.ts";
import { compareTree, isBelow, nameOf, newFolderLengths } from "./tree-order.ts";

export interface MergeInput {
  /** The manifest that both started from. */
  readonly base: Manifest;
  readonly ours: Manifest;
  /** The manifest that was committed meanwhile. */
  readonly theirs: Manifest;
}

export interface Merge {
  readonly manifest: Manifest;
  /** Paths that both sides changed differently, sorted. */
  readonly conflicts: string[];
}

/** The work of deciding on a path, besides the path's characters. */
const workPerPath = 256;
/** The work of making a name: two digests, and a name that is cut character by character. */
const workPerName = 4_096;

/** What each side has at one path. */
interface Sides {
  readonly path: string;
  readonly was: ManifestEntry | undefined;
  readonly my: ManifestEntry | undefined;
  readonly your: ManifestEntry | undefined;
}

/** The decision on a path, before it is known what is below it. */
interface MergeVerdict {
  /** Undefined for a folder that disappears unless something in it stays. */
  readonly entry: ManifestEntry | undefined;
  /** The entry to keep here if something below stays. */
  readonly folder: ManifestEntry | undefined;
  /** The entry that has to be renamed. */
  readonly displaced: ManifestEntry | undefined;
  readonly isConflict: boolean;
}

/**
 * Takes the side that changed a path. Where both changed it differently, theirs stays at the path
 * and ours becomes `name.conflict-<8 hex of its content>.ext`; a change beats a deletion.
 */
export function mergeManifests(input: MergeInput): Merge {
  return atOnce(mergeSteps(input));
}

/** The same in steps. */
export function* mergeSteps(input: MergeInput): Generator<void, Merge> {
  const pace = new Pace();
  const kept: ManifestEntry[] = [];
  const conflicts = new Set<string>();
  const displaced: ManifestEntry[] = [];
  // Goes backwards, so that everything below a path is decided before the path itself.
  const all: Sides[] = [];
  for (const sides of sidesOf(input)) {
    all.push(sides);
    if (pace.isDue(3 * sides.path.length + workPerPath)) yield;
  }
  for (const sides of all.reverse()) {
    if (pace.isDue(sides.path.length + workPerPath)) yield;
    const verdict = judge(sides);
    if (verdict.isConflict) conflicts.add(sides.path);
    if (verdict.displaced !== undefined) displaced.push(verdict.displaced);
    const below = kept.at(-1);
    if (below === undefined || !isBelow(below.path, sides.path)) {
      if (verdict.entry !== undefined) kept.push(verdict.entry);
      continue;
    }
    if (verdict.folder !== undefined) kept.push(verdict.folder);
    if (verdict.entry === undefined || verdict.entry.type === "directory") continue;
    // One side made it a file, the other a non-empty folder: the file is renamed.
    conflicts.add(sides.path);
    displaced.push(verdict.entry);
  }
  const entries = kept.reverse();
  const placed = yield* placesBeside(entries, displaced);
  const beside = yield* treeSortSteps(placed.reverse());
  return {
    manifest: yield* inOrderSteps(yield* mergeSortedSteps(entries, beside)),
    conflicts: yield* sortSteps([...conflicts].reverse(), (path) => path),
  };
}

/** Each path of the three manifests once, in order; they are walked side by side. */
function* sidesOf({ base, ours, theirs }: MergeInput): Generator<Sides> {
  const lists = [base.entries, ours.entries, theirs.entries];
  const places = [0, 0, 0];
  for (;;) {
    const heads = lists.map((list, side) => list[places[side] ?? 0]);
    let path: string | undefined;
    for (const head of heads) {
      const isFirst =
        head !== undefined && (path === undefined || compareTree(head.path, path) < 0);
      if (isFirst) path = head.path;
    }
    if (path === undefined) return;
    const [was, my, your] = heads.map((head) => (head?.path === path ? head : undefined));
    for (const [side, head] of heads.entries()) {
      if (head?.path === path) places[side] = (places[side] ?? 0) + 1;
    }
    yield { path, was, my, your };
  }
}

function judge({ was, my, your }: Sides): MergeVerdict {
  const settled = (entry: ManifestEntry | undefined): MergeVerdict => {
    const folder = [entry, your, my, was].find((known) => known?.type === "directory");
    return { entry, folder, displaced: undefined, isConflict: false };
  };
  if (sameEntry(my, your)) return settled(newer(was, my, your));
  if (sameEntry(was, my)) return settled(your);
  if (sameEntry(was, your)) return settled(my);
  const isDisplaced = my !== undefined && your !== undefined && my.type !== "directory";
  return { ...settled(your ?? my), displaced: isDisplaced ? my : undefined, isConflict: true };
}

/** Picks between two entries that differ in time only: the one whose time was changed. */
function newer(
  was: ManifestEntry | undefined,
  my: ManifestEntry | undefined,
  your: ManifestEntry | undefined,
): ManifestEntry | undefined {
  if (your?.modifiedAt === was?.modifiedAt) return my;
  if (my?.modifiedAt === was?.modifiedAt) return your;
  return (my?.modifiedAt ?? 0) > (your?.modifiedAt ?? 0) ? my : your;
}

/** Finds names that are free: no entry and no implied folder has them. */
function* placesBeside(
  entries: readonly ManifestEntry[],
  displaced: readonly ManifestEntry[],
): Generator<void, ManifestEntry[]> {
  if (displaced.length === 0) return [];
  const pace = new Pace();
  const taken = yield* conflictNamesOf(entries, pace);
  const placed: ManifestEntry[] = [];
  // Long names may be cut to the same ending and then try the same names; each is tried once.
  const reached = new Map<string, number>();
  for (const entry of displaced) {
    const names = `${conflictPath(entry, 0)} ${contentOf(entry)}`;
    // There are fewer taken names than entries, so one of these is free.
    for (
      let attempt = reached.get(names) ?? 0;
      attempt <= entries.length + displaced.length;
      attempt += 1
    ) {
      if (pace.isDue(entry.path.length + workPerName)) yield;
      const path = conflictPath(entry, attempt);
      const there = taken.get(path);
      if (there === "folder" || (there !== undefined && !sameEntry(there, entry))) continue;
      if (there === undefined) {
        const renamed = { ...entry, path };
        placed.push(renamed);
        taken.set(path, renamed);
      }
      reached.set(names, attempt);
      break;
    }
  }
  return placed;
}

/** What has a name that a renamed file could get; folders without an entry have such names, too. */
function* conflictNamesOf(
  entries: readonly ManifestEntry[],
  pace: Pace,
): Generator<void, Map<string, ManifestEntry | "folder">> {
  const taken = new Map<string, ManifestEntry | "folder">();
  let previous = "";
  for (const entry of entries) {
    const { path } = entry;
    if (pace.isDue(roughBytesOf(entry))) yield;
    // Most names aren't like that, so a merge needn't remember them all.
    for (const length of path.includes(conflictMark) ? newFolderLengths(previous, path) : []) {
      const folder = path.slice(0, length);
      if (!nameOf(folder).includes(conflictMark)) continue;
      taken.set(folder, "folder");
      if (pace.isDue(length)) yield;
    }
    if (nameOf(path).includes(conflictMark)) taken.set(path, entry);
    previous = path;
  }
  return taken;
}
