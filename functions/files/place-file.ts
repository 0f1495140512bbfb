/** Puts a file whose bytes are stored into the next state of a workspace. */
import type { ChangedFiles } from "#shared/core/workspace/changed-files";
import type { ManifestFile } from "#shared/core/workspace/manifest";
import type { Owner } from "#shared/identity/owner";
import type { StoringDeps } from "#shared/quotas/store-object";
import { patch, type Write } from "#shared/store/documents";
import type { Environment, environments, WorkspaceHead } from "#shared/store/environments";
import type { FoundDocument } from "#shared/store/read-document";
import { inManifestTurn } from "#shared/workspace/manifest-turn";
import { requireRoom } from "#shared/workspace/manifests";
import {
  changesForSnapshot,
  recordChange,
  type SnapshotOrigin,
} from "#shared/workspace/snapshot-changes";
import { fileSteps } from "./change-files.ts";

/** The workspace with the file, stored but not committed. */
export interface Placed {
  readonly head: WorkspaceHead;
  readonly changes: ChangedFiles | null;
}

interface Target {
  readonly environment: Environment;
  readonly file: ManifestFile;
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal;
}

/** @throws {ApiError} `INVALID_PATH`, `WORKSPACE_FULL`, `QUOTA_REACHED`, `UNAVAILABLE`. */
export async function placeFile(
  deps: StoringDeps,
  owner: Owner,
  { environment, file, signal }: Target,
): Promise<Placed> {
  return await inManifestTurn(owner, signal, async (turn) => {
    const base = await turn.readFilesOf(environment);
    const next = await turn.change(fileSteps(base.manifest, file));
    const before = await turn.footprint(base.manifest);
    requireRoom(environment, before, await turn.footprint(next));
    const changes = await changesForSnapshot(turn, environment, next);
    return { head: await turn.store(deps, next, base.sha256), changes };
  });
}

/** Refuses what `placeFile` would refuse, before anything is sent. */
export async function requirePlace(
  owner: Owner,
  { environment, file, signal }: Target,
): Promise<void> {
  await inManifestTurn(owner, signal, async (turn) => {
    const base = await turn.readFilesOf(environment);
    const before = await turn.footprint(base.manifest);
    const next = await turn.change(fileSteps(base.manifest, file));
    requireRoom(environment, before, await turn.footprint(next));
  });
}

/** The writes that make the placed file part of the workspace. */
export function placedWrites(
  owner: Owner,
  { ref, value, version }: FoundDocument<typeof environments.schema>,
  { placed, origin }: { readonly placed: Placed; readonly origin: SnapshotOrigin },
): readonly Write[] {
  const recorded = recordChange(owner, value, { ...placed, origin });
  const next = { workspace: placed.head, ...recorded.fields, updatedAt: origin.now };
  return [patch(ref, next, { version }), ...recorded.writes];
}
