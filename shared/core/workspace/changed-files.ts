import type { ManifestDiff, ManifestEntry } from "./manifest.ts";
import { compareTree } from "./tree-order.ts";

/** The most changed files that a snapshot lists. */
export const changedFilesMax = 200;

export const changeKinds = ["created", "modified", "deleted"] as const;

interface ChangedFile {
  readonly path: string;
  readonly changeKind: (typeof changeKinds)[number];
  readonly entryType: "file" | "directory";
}

export interface ChangedFiles {
  /** The first of them in the order of their paths. */
  readonly files: ChangedFile[];
  readonly changedCount: number;
}

/** The first of the changed files, and how many there are. */
export function listChanges(diff: ManifestDiff): ChangedFiles {
  const all = changeKinds.flatMap((changeKind) =>
    diff[changeKind]
      .slice(0, changedFilesMax)
      .map(({ path, type }: ManifestEntry) => ({ path, changeKind, entryType: entryType(type) })),
  );
  const sorted = all.sort((a, b) => compareTree(a.path, b.path));
  const counts = changeKinds.map((changeKind) => diff[changeKind].length);
  return {
    files: sorted.slice(0, changedFilesMax),
    changedCount: counts.reduce((sum, count) => sum + count, 0),
  };
}

function entryType(type: ManifestEntry["type"]): ChangedFile["entryType"] {
  return type === "directory" ? "directory" : "file";
}
