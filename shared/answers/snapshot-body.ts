import type * as z from "zod";
import { iso } from "../contract/common.ts";
import type { SnapshotBody } from "../contract/snapshot.ts";
import type { WorkspaceSnapshot } from "../store/snapshots.ts";

/** Stands for a workspace without files: the SHA-256 of nothing. */
const nothingSha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

export function commitOf(sha256: string | null | undefined): string {
  return sha256 ?? nothingSha256;
}

export function snapshotBody(snapshot: WorkspaceSnapshot): z.input<typeof SnapshotBody> {
  const { id, environmentId, title, source, head, files, changedCount } = snapshot;
  return {
    id,
    environmentId,
    title,
    sourceThreadId: snapshot.threadId,
    sourceStepId: null,
    parentSnapshotId: snapshot.parentSnapshotId,
    ledgerCommitSha: commitOf(head?.manifestSha256),
    changedPaths: files.map(({ path }) => path),
    changedCount,
    additions: null,
    deletions: null,
    metadata: {
      source,
      fileCount: head?.fileCount ?? 0,
      totalBytes: head?.totalBytes ?? 0,
    },
    createdAt: iso(snapshot.createdAt),
  };
}
