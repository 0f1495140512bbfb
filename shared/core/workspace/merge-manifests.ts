/** Merges two executions on one workspace path by path; nothing that either wrote is lost. */
import { atOnce, entriesPerStep } from "../steps.ts";
import { conflictPath, contentOf } from "./conflict-name.ts";
import { type Manifest, type ManifestEntry, manifestOf, sameEntry } from "./manifest.ts";
import { compareBytewise, compareTree, entryAt, isBelow, rangeBelow } from "./tree-order.ts";

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
  const kept: ManifestEntry[] = [];
  const conflicts = new Set<string>();
  const displaced: ManifestEntry[] = [];
  // Goes backwards, so that everything below a path is decided before the path itself.
  const all: Sides[] = [];
  for (const sides of sidesOf(input)) {
    all.push(sides);
    if (all.length % entriesPerStep === 0) yield;
  }
  for (const [index, sides] of all.reverse().entries()) {
    if (index % entriesPerStep === 0) yield;
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
  const beside = yield* placesBeside(entries, displaced);
  return {
    manifest: manifestOf([...entries, ...beside]),
    conflicts: [...conflicts].sort(compareBytewise),
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
  const placed = new Map<string, ManifestEntry>();
  // Long names may be cut to the same ending and then try the same names; each is tried once.
  const reached = new Map<string, number>();
  for (const [index, entry] of displaced.entries()) {
    if (index % entriesPerStep === 0) yield;
    const names = `${conflictPath(entry, 0)} ${contentOf(entry)}`;
    // There are fewer taken names than entries, so one of these is free.
    for (
      let attempt = reached.get(names) ?? 0;
      attempt <= entries.length + displaced.length;
      attempt += 1
    ) {
      const path = conflictPath(entry, attempt);
      const there = placed.get(path) ?? entryAt(entries, path);
      const { start, end } = rangeBelow(entries, path);
      const isFree = there === undefined && start === end;
      if (!isFree && !(there !== undefined && sameEntry(there, entry))) continue;
      if (isFree) placed.set(path, { ...entry, path });
      reached.set(names, attempt);
      break;
    }
  }
  return [...placed.values()];
}
