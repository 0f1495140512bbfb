import * as z from "zod";
import { idPrefixes, idSchema } from "../core/ids.ts";
import { changeKinds } from "../core/workspace/changed-files.ts";
import { EnvironmentBody } from "./environment.ts";
import { threadText } from "./thread-text.ts";
import { Warnings } from "./unsupported.ts";

/** A change has its snapshot's id with another prefix. */
export const ChangeParams = z
  .object({ environmentId: idSchema("environment"), changeId: idSchema("change") })
  .transform(({ environmentId, changeId }) => ({
    environmentId,
    snapshotId: changeId.replace(idPrefixes.change, idPrefixes.snapshot),
  }));

export function changeIdOf(snapshotId: string): string {
  return snapshotId.replace(idPrefixes.snapshot, idPrefixes.change);
}

export const SnapshotBody = z.object({
  id: z.string(),
  environmentId: z.string(),
  title: z.string(),
  sourceThreadId: z.string().nullable(),
  sourceStepId: z.null(),
  parentSnapshotId: z.string().nullable(),
  /** The digest of the manifest that lists the files; of an empty workspace, that of nothing. */
  ledgerCommitSha: z.string(),
  /** The first of them. */
  changedPaths: z.array(z.string()),
  changedCount: z.int(),
  /** Counted where a diff is asked for. */
  additions: z.null(),
  deletions: z.null(),
  metadata: z.object({ source: z.string(), fileCount: z.int(), totalBytes: z.int() }),
  createdAt: z.string(),
});

export const SnapshotCreate = z.object({ title: z.string().max(200).nullish() });

export const SnapshotMadeBody = z.object({ environmentId: z.string(), snapshot: SnapshotBody });

export const SnapshotFiles = z.object({
  object: z.literal("list"),
  environmentId: z.string(),
  snapshotId: z.string(),
  prefix: z.string().nullable(),
  data: z.array(
    z.object({
      path: z.string(),
      name: z.string(),
      type: z.enum(["file", "directory"]),
      size: z.int().nullable(),
    }),
  ),
  has_more: z.boolean(),
  total_count: z.int(),
});

export const SnapshotDiff = z.object({
  environmentId: z.string(),
  snapshotId: z.string(),
  parentSnapshotId: z.string().nullable(),
  fromCommitSha: z.string().nullable(),
  toCommitSha: z.string(),
  path: z.string().nullable(),
  /** The changed lines of texts; other files are only named. */
  diff: z.string(),
  changedPaths: z.array(z.string()),
  additions: z.int(),
  deletions: z.int(),
  /** Whether files were left out, because there are too many or they are too large. */
  truncated: z.boolean(),
});

export const SnapshotFile = z.object({
  path: z.string(),
  snapshotId: z.string(),
  content: z.string(),
  /** Bytes that aren't UTF-8 are sent as Base64. */
  encoding: z.enum(["utf-8", "base64"]),
});

export const SnapshotFileQuery = z.object({
  path: z.string().min(1).max(1_024),
  format: z.never("isn't supported: the content is text, or Base64 if it isn't UTF-8").optional(),
});

export const SnapshotRestored = z.object({
  environment: EnvironmentBody,
  snapshot: SnapshotBody,
  sourceSnapshotId: z.string(),
});

export const SnapshotDeleted = z.object({
  success: z.literal(true),
  deleted: z.literal(true),
  /** Contents that nothing else names are erased within a day. */
  erased: z.literal(false),
  id: z.string(),
  snapshotId: z.string(),
  message: z.string(),
});

export const SnapshotFork = z.object({
  name: z.string().trim().min(1).max(200).nullish(),
  description: z.string().max(10_000).nullish(),
});

export const SnapshotForked = z.object({
  environment: EnvironmentBody,
  /** A fork begins without snapshots of its own. */
  snapshot: z.null(),
  sourceSnapshotId: z.string(),
  warnings: Warnings,
});

const operations = ["created", "uploaded", "modified", "deleted"] as const;
export type ChangeOperation = (typeof operations)[number];

export const ChangesQuery = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(100),
  offset: z.coerce.number().int().min(0).max(10_000).default(0),
  projectId: z.string().max(100).optional(),
  agentId: z.string().max(100).optional(),
  operation: z
    .string()
    .max(100)
    .transform((text) => text.split(","))
    .pipe(z.array(z.enum(operations)))
    .optional(),
});

export const ChangesBody = z.object({
  object: z.literal("list"),
  limit: z.int(),
  offset: z.int(),
  total: z.int(),
  hasMore: z.boolean(),
  data: z.array(
    z.object({
      id: z.string(),
      snapshotId: z.string(),
      environmentId: z.string(),
      createdAt: z.string(),
      title: z.string(),
      routeSource: z.null(),
      sourceKind: z.enum(["thread", "manual"]),
      sourceThreadId: z.string().nullable(),
      sourceStepId: z.null(),
      threadTitle: threadText(z.string().nullable()),
      stepTitle: z.null(),
      projectId: z.string().nullable(),
      projectName: z.null(),
      agentId: z.string().nullable(),
      agentName: z.null(),
      additions: z.null(),
      deletions: z.null(),
      files: z.array(
        z.object({
          path: z.string(),
          name: z.string(),
          changeKind: z.enum(changeKinds),
          operation: z.enum(operations),
          entryType: z.enum(["file", "directory"]),
          previousPath: z.null(),
          additions: z.null(),
          deletions: z.null(),
          diff: z.null(),
          fileContent: z.null(),
        }),
      ),
      changedCount: z.int(),
    }),
  ),
});
