/** Reports which files an execution changed, up to a hundred. */
import { join } from "node:path";
import { diffManifests, type Manifest, type ManifestEntry } from "#shared/core/workspace/manifest";
import { changesMax } from "#shared/protocol/file-changes";
import type { Item } from "#shared/protocol/item";
import type { LineIndex } from "./line-index.ts";
import { readSlice } from "./scan-workspace.ts";

const comparedBytesMax = 256 * 1024;

export interface FileChange {
  readonly folder: string;
  readonly lines: LineIndex;
  readonly base: Manifest;
  readonly next: Manifest;
}

export function fileChanges({ folder, lines, base, next }: FileChange): Item[] {
  const { created, modified, deleted } = diffManifests(base, next);
  const kinds = [
    ...created.map((entry) => ({ entry, changeKind: "created" as const })),
    ...modified.map((entry) => ({ entry, changeKind: "modified" as const })),
    ...deleted.map((entry) => ({ entry, changeKind: "deleted" as const })),
  ];
  return kinds.slice(0, changesMax).map(({ entry, changeKind }) => {
    const bytes = changeKind === "deleted" ? undefined : contentOf(folder, entry);
    const { additions, deletions } = lines.compare(entry.path, bytes);
    return { type: "file_change", path: entry.path, changeKind, additions, deletions };
  });
}

function contentOf(folder: string, entry: ManifestEntry): Uint8Array | undefined {
  if (entry.type !== "file" || entry.sizeBytes > comparedBytesMax) return undefined;
  try {
    return readSlice(join(folder, entry.path), { offsetBytes: 0, sizeBytes: entry.sizeBytes });
  } catch {
    // The file is in the manifest but not in this execution's workspace.
    return undefined;
  }
}
