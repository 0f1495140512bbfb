/** Two executions on one workspace: each path on its own, and nothing either side wrote is lost. */
import { createHash } from "node:crypto";
import {
  ancestorsOf,
  byPath,
  compareBytewise,
  type Manifest,
  type ManifestEntry,
  manifestOf,
  sameEntry,
} from "#shared/core/manifest";

export interface MergeInput {
  /** What both started from. */
  readonly base: Manifest;
  readonly ours: Manifest;
  /** What was committed meanwhile. */
  readonly theirs: Manifest;
}

export interface Merge {
  readonly manifest: Manifest;
  /** Paths both sides changed differently, sorted. */
  readonly conflicts: string[];
}

/**
 * Takes whichever side changed a path. Where both did and differ, theirs stays at the path and ours
 * goes beside it as `name.conflict-<8 hex of its content>.ext`; a change beats a deletion.
 */
export function mergeManifests({ base, ours, theirs }: MergeInput): Merge {
  const [before, mine, yours] = [byPath(base), byPath(ours), byPath(theirs)];
  const merged = new Map<string, ManifestEntry>();
  const conflicts = new Set<string>();
  const displaced: ManifestEntry[] = [];

  for (const path of new Set([...before.keys(), ...mine.keys(), ...yours.keys()])) {
    const [was, my, your] = [before.get(path), mine.get(path), yours.get(path)];
    const kept = sameEntry(was, my) ? your : sameEntry(was, your) ? my : (your ?? my);
    if (kept !== undefined) merged.set(path, kept);
    if (sameEntry(was, my) || sameEntry(was, your) || sameEntry(my, your)) continue;
    conflicts.add(path);
    if (my !== undefined && your !== undefined) displaced.push(my);
  }
  displaced.push(...liftBlocked(merged, conflicts));
  for (const entry of displaced) placeBeside(merged, entry);
  return { manifest: manifestOf(merged.values()), conflicts: [...conflicts].sort(compareBytewise) };
}

/** One side made `a` a file, the other a directory: the file gives way. */
function liftBlocked(merged: Map<string, ManifestEntry>, conflicts: Set<string>): ManifestEntry[] {
  const lifted: ManifestEntry[] = [];
  for (const ancestor of new Set([...merged.keys()].flatMap(ancestorsOf))) {
    const entry = merged.get(ancestor);
    if (entry === undefined) continue;
    merged.delete(ancestor);
    if (entry.type === "directory") continue;
    conflicts.add(ancestor);
    lifted.push(entry);
  }
  return lifted;
}

const stemLengthMax = 60;

function placeBeside(merged: Map<string, ManifestEntry>, entry: ManifestEntry): void {
  if (entry.type === "directory") return; // Theirs stands at the path already.
  for (const length of [8, 16, 32, 64]) {
    const path = conflictPath(entry, length);
    const there = merged.get(path);
    if (there !== undefined && !sameEntry(there, entry)) continue;
    merged.set(path, { ...entry, path });
    return;
  }
}

function conflictPath(entry: ManifestEntry, digestLength: number): string {
  const content = entry.type === "file" ? `${entry.sha256} ${entry.mode}` : JSON.stringify(entry);
  const id = createHash("sha256").update(content).digest("hex").slice(0, digestLength);
  const slash = entry.path.lastIndexOf("/") + 1;
  const name = entry.path.slice(slash);
  const dot = name.lastIndexOf(".");
  const [stem, extension] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ""];
  const room = Buffer.byteLength(name) > 150;
  const short = room ? stem.slice(0, stemLengthMax).toWellFormed() : stem;
  const suffix = room ? extension.slice(0, 20).toWellFormed() : extension;
  return `${entry.path.slice(0, slash)}${short}.conflict-${id}${suffix}`;
}
