/** Makes snapshots of an environment's workspace, and of each change of it once there is one. */
import type { ChangedFiles } from "../core/workspace/changed-files.ts";
import type { Manifest } from "../core/workspace/manifest.ts";
import type { Owner } from "../identity/owner.ts";
import { create, remove, type Write } from "../store/documents.ts";
import type { Environment, WorkspaceHead } from "../store/environments.ts";
import { snapshotsMax, type WorkspaceSnapshot, workspaceSnapshots } from "../store/snapshots.ts";
import type { ManifestTurn } from "./manifest-turn.ts";

/** What a snapshot says of its making. */
export interface SnapshotOrigin {
  readonly id: string;
  readonly title: string;
  readonly source: WorkspaceSnapshot["source"];
  readonly execution?: {
    readonly id: string;
    readonly threadId: string;
    readonly agentId: string | null;
    readonly projectId: string | null;
  };
  readonly now: number;
}

/** The environment's fields and the writes that a snapshot comes with. */
export interface SnapshotMade {
  readonly fields: Pick<Environment, "snapshotIds">;
  readonly writes: readonly Write[];
  readonly snapshot: WorkspaceSnapshot;
}

/**
 * What a change of the workspace comes to, for its snapshot; null if the environment keeps none.
 * Long lists are compared in steps.
 */
export async function changesForSnapshot(
  turn: ManifestTurn,
  environment: Environment,
  after: Manifest,
): Promise<ChangedFiles | null> {
  if (environment.snapshotIds.length === 0) return null;
  const { manifest } = await turn.readFilesOf(environment);
  return await turn.changes(manifest, after);
}

/** The snapshot of a workspace that `head` will be, or is already. */
export function makeSnapshot(
  owner: Owner,
  environment: Environment,
  {
    head,
    changes,
    origin,
  }: {
    readonly head: WorkspaceHead | null;
    readonly changes: ChangedFiles;
    readonly origin: SnapshotOrigin;
  },
): SnapshotMade {
  const { id, title, source, execution, now } = origin;
  const { snapshotIds, workspace } = environment;
  const { previousManifestSha256: _, ...kept } = head ?? { previousManifestSha256: null };
  const snapshot: WorkspaceSnapshot = {
    v: 1,
    id,
    environmentId: environment.id,
    title,
    source,
    head: "manifestSha256" in kept ? kept : null,
    baseManifestSha256: workspace?.manifestSha256 ?? null,
    parentSnapshotId: snapshotIds.at(-1) ?? null,
    executionId: execution?.id ?? null,
    threadId: execution?.threadId ?? null,
    agentId: execution?.agentId ?? null,
    projectId: execution?.projectId ?? null,
    ...changes,
    createdAt: now,
  };
  const kinds = [...snapshotIds, id];
  const dropped = kinds.slice(0, -snapshotsMax);
  return {
    snapshot,
    fields: { snapshotIds: kinds.slice(-snapshotsMax) },
    writes: [
      create(workspaceSnapshots.of(owner, id), snapshot),
      ...dropped.map((each) => remove(workspaceSnapshots.of(owner, each), null)),
    ],
  };
}

/** The same for a change that may be recorded: nothing if the environment keeps no snapshots. */
export function recordChange(
  owner: Owner,
  environment: Environment,
  made: {
    readonly head: WorkspaceHead;
    readonly changes: ChangedFiles | null;
    readonly origin: SnapshotOrigin;
  },
): Pick<SnapshotMade, "writes"> & { readonly fields: Partial<Environment> } {
  const { changes } = made;
  if (changes === null || changes.changedCount === 0) return { writes: [], fields: {} };
  return makeSnapshot(owner, environment, { ...made, changes });
}
