/** Chooses the entries of a workspace that fit where it is restored and stored. Pure. */

import { manifestBytesMax } from "../../protocol/runner.ts";
import type { WorkspaceRoom } from "../executions/profiles.ts";
import { atOnce, Pace } from "../steps.ts";
import { fits, footprintOf, footprintSteps, pathsBytesMax, restoreBytesOf } from "./footprint.ts";
import {
  impliedMode,
  inOrderSteps,
  type Manifest,
  type ManifestEntry,
  roughBytesOf,
} from "./manifest.ts";
import { encodeSteps, entryLine } from "./manifest-bytes.ts";
import { ManifestError } from "./manifest-error.ts";
import { isBelow, newFolderLengths } from "./tree-order.ts";

/** The work of summing up one candidate, in characters looked at. */
const workPerCandidate = 32;

export interface Fitted {
  readonly manifest: Manifest;
  /** The entries that don't fit. */
  readonly left: readonly ManifestEntry[];
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
  if (fits(yield* footprintSteps(manifest), room)) {
    const bytes = yield* encodeSteps(manifest);
    if (bytes !== null) return { manifest, left: [], bytes };
  }
  const fitted = yield* choose(manifest, room, isFirst);
  const bytes = yield* encodeSteps(fitted.manifest);
  // Each entry was weighed, and names stay with the file that they are names of.
  if (bytes === null) throw new ManifestError("A manifest is too long.");
  return { ...fitted, bytes };
}

function* choose(
  manifest: Manifest,
  room: WorkspaceRoom,
  isFirst: (entry: ManifestEntry) => boolean,
): Generator<void, Fitted> {
  const pace = new Pace();
  const candidates = yield* candidatesOf(manifest, pace);
  const choice = new Choice(room);
  for (const isWanted of [isFirst, (entry: ManifestEntry) => !isFirst(entry)]) {
    for (const candidate of candidates) {
      const judged = isWanted(candidate.entry) ? choice.judge(candidate) : 0;
      if (pace.isDue((1 + judged) * workPerCandidate)) yield;
    }
  }
  const kept = candidates.filter(({ verdict }) => verdict === "kept");
  const left = candidates.filter(({ verdict, isImplied }) => verdict !== "kept" && !isImplied);
  return {
    manifest: yield* inOrderSteps(kept.map(({ entry }) => entry)),
    left: left.map(({ entry }) => entry),
  };
}

interface Cost {
  readonly restoreBytes: number;
  readonly inodes: number;
  readonly pathsBytes: number;
  readonly manifestBytes: number;
}

/** An entry and what it can't be restored without. */
interface Candidate {
  readonly entry: ManifestEntry;
  /** Whether it is a folder that the manifest has no entry for. */
  readonly isImplied: boolean;
  readonly cost: Cost;
  readonly folder: Candidate | undefined;
  /** The file that this entry is a further name of. */
  readonly firstName: Candidate | undefined;
  /** Undefined while it is neither kept nor known to be too much. */
  verdict: "kept" | "too much" | undefined;
}

/** All entries in order, and an entry for each folder that has none; each is weighed once. */
function* candidatesOf({ entries }: Manifest, pace: Pace): Generator<void, Candidate[]> {
  const all: Candidate[] = [];
  const folders: Candidate[] = [];
  const files = new Map<string, Candidate>();
  const add = (entry: ManifestEntry, isImplied: boolean): boolean => {
    const linkTo = entry.type === "file" ? entry.linkTo : undefined;
    const firstName = linkTo === undefined ? undefined : files.get(linkTo);
    const [folder, cost] = [folders.at(-1), costOf(entry)];
    const candidate = { entry, isImplied, cost, folder, firstName, verdict: undefined };
    all.push(candidate);
    if (entry.type === "directory") folders.push(candidate);
    if (entry.type === "file" && linkTo === undefined) files.set(entry.path, candidate);
    return pace.isDue(roughBytesOf(entry));
  };
  let previous = "";
  for (const entry of entries) {
    const { path } = entry;
    while (folders.length > 0 && !isBelow(path, folders.at(-1)?.entry.path ?? "")) folders.pop();
    for (const length of newFolderLengths(previous, path)) {
      const folder = { path: path.slice(0, length), mode: impliedMode };
      if (add({ ...folder, type: "directory" }, true)) yield;
    }
    if (add(entry, false)) yield;
    previous = path;
  }
  return all;
}

function costOf(entry: ManifestEntry): Cost {
  return {
    restoreBytes: restoreBytesOf(entry),
    inodes: 1,
    pathsBytes: Buffer.byteLength(entry.path),
    manifestBytes: Buffer.byteLength(entryLine(entry)),
  };
}

class Choice {
  #left: Cost;

  constructor({ restoreBytes, inodes }: WorkspaceRoom) {
    this.#left = {
      restoreBytes,
      inodes,
      pathsBytes: pathsBytesMax,
      // The first line isn't an entry's.
      manifestBytes: manifestBytesMax - 64,
    };
  }

  /**
   * Keeps an entry with all that it needs, if that fits.
   * @returns How many candidates were summed up: fewer than the entry's line has bytes.
   */
  judge(candidate: Candidate): number {
    const own = this.#missing(candidate);
    const { firstName } = candidate;
    if (own.length === 0 || firstName === undefined) {
      this.#keep(own);
      return own.length;
    }
    const first = this.#missing(firstName);
    if (firstName.verdict !== "too much") this.#keep([...new Set([...own, ...first])]);
    return own.length + first.length;
  }

  /**
   * The candidate and its folders as far as they aren't kept; nothing if they are too much.
   *
   * What is too much once stays so: whatever part of it is kept later takes as much from the room
   * as from what is missing. So what lies in a folder that is too much isn't summed up again.
   */
  #missing(candidate: Candidate): Candidate[] {
    const missing: Candidate[] = [];
    let above: Candidate | undefined = candidate;
    while (above !== undefined && above.verdict === undefined) {
      missing.push(above);
      above = above.folder;
    }
    missing.reverse();
    let sum = above?.verdict === "too much" ? null : nothing;
    for (const one of missing) {
      if (sum !== null) sum = plus(sum, one.cost);
      if (sum !== null && !isWithin(sum, this.#left)) sum = null;
      if (sum === null) one.verdict = "too much";
    }
    return sum === null ? [] : missing;
  }

  #keep(missing: readonly Candidate[]): void {
    const sum = missing.map(({ cost }) => cost).reduce(plus, nothing);
    if (!isWithin(sum, this.#left)) return;
    this.#left = minus(this.#left, sum);
    for (const candidate of missing) candidate.verdict = "kept";
  }
}

const nothing: Cost = { restoreBytes: 0, inodes: 0, pathsBytes: 0, manifestBytes: 0 };

function plus(a: Cost, b: Cost): Cost {
  return {
    restoreBytes: a.restoreBytes + b.restoreBytes,
    inodes: a.inodes + b.inodes,
    pathsBytes: a.pathsBytes + b.pathsBytes,
    manifestBytes: a.manifestBytes + b.manifestBytes,
  };
}

function minus(a: Cost, b: Cost): Cost {
  return {
    restoreBytes: a.restoreBytes - b.restoreBytes,
    inodes: a.inodes - b.inodes,
    pathsBytes: a.pathsBytes - b.pathsBytes,
    manifestBytes: a.manifestBytes - b.manifestBytes,
  };
}

function isWithin(sum: Cost, room: Cost): boolean {
  return (
    sum.restoreBytes <= room.restoreBytes &&
    sum.inodes <= room.inodes &&
    sum.pathsBytes <= room.pathsBytes &&
    sum.manifestBytes <= room.manifestBytes
  );
}
