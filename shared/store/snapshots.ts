import * as z from "zod";
import { changeKinds } from "../core/workspace/changed-files.ts";
import { ownedCollection } from "./documents.ts";
import { WorkspaceHead } from "./environments.ts";

/** What made a workspace as a snapshot has it. */
export const snapshotSources = [
  "manual",
  "execution",
  "upload",
  "folder",
  "move",
  "deletion",
  "restore",
] as const;

/** How many snapshots an environment keeps; a further one takes the oldest one's place. */
export const snapshotsMax = 100;

/**
 * The files of a workspace as they were, by reference: a snapshot names a manifest, and while it
 * does, nothing that the manifest needs is deleted.
 */
export const WorkspaceSnapshot = z.object({
  v: z.literal(1),
  id: z.string(),
  environmentId: z.string(),
  title: z.string(),
  source: z.enum(snapshotSources),
  /** Null if the workspace was empty. */
  head: WorkspaceHead.omit({ previousManifestSha256: true }).nullable(),
  /** The manifest that it is compared with; null if the workspace was empty then. */
  baseManifestSha256: z.string().nullable(),
  parentSnapshotId: z.string().nullable(),
  executionId: z.string().nullable(),
  threadId: z.string().nullable(),
  agentId: z.string().nullable(),
  projectId: z.string().nullable(),
  /** What changed since that manifest, the first of them in the order of their paths. */
  files: z.array(
    z.object({
      path: z.string(),
      changeKind: z.enum(changeKinds),
      entryType: z.enum(["file", "directory"]),
    }),
  ),
  changedCount: z.int().min(0),
  createdAt: z.int(),
});
export type WorkspaceSnapshot = z.infer<typeof WorkspaceSnapshot>;

export const workspaceSnapshots = ownedCollection(
  ["snapshots"],
  WorkspaceSnapshot,
  "environmentId",
);
