/** Merges an execution's workspace with what other executions saved meanwhile. */
import { workspaceRoom } from "#shared/core/executions/profiles";
import type { ChangedFiles } from "#shared/core/workspace/changed-files";
import { fits } from "#shared/core/workspace/footprint";
import { nameList } from "#shared/core/workspace/name-list";
import { ApiError } from "#shared/errors/api-error";
import type { Owner } from "#shared/identity/owner";
import { logFailure } from "#shared/pipeline/request-log";
import type { StoringDeps } from "#shared/quotas/store-object";
import { conflictsMax } from "#shared/store/document-room";
import type { environments, WorkspaceHead } from "#shared/store/environments";
import type { Execution } from "#shared/store/executions";
import type { FoundDocument } from "#shared/store/read-document";
import {
  headOf,
  inManifestTurn,
  isUnreadable,
  type ManifestTurn,
} from "#shared/workspace/manifest-turn";
import { roomOf } from "#shared/workspace/manifests";
import { changesForSnapshot } from "#shared/workspace/snapshot-changes";

export interface NextWorkspace {
  readonly head: WorkspaceHead;
  readonly conflicts: readonly string[];
  /** What the workspace's next snapshot lists; null if there is none to be made. */
  readonly changes: ChangedFiles | null;
  /** The note in the answer: files that didn't fit. */
  readonly note: string;
}

/** Refusals that mean that this owner can't store more. */
const fullCodes: ReadonlySet<string> = new Set(["QUOTA_REACHED", "WORKSPACE_FULL"]);

interface Saving {
  readonly execution: Execution;
  readonly environment: FoundDocument<typeof environments.schema>;
  /** The digest of the manifest that the runner has stored. */
  readonly saved: string;
  /** Aborted when the runner is gone. */
  readonly clientSignal: AbortSignal;
}

/**
 * Merges the runner's manifest by path with what others did to the workspace meanwhile, as far as a
 * later execution has room. Null if there is no such manifest or no room for the result; then the
 * workspace stays as it was, and the money is settled anyway.
 */
export async function nextWorkspace(
  deps: StoringDeps,
  owner: Owner,
  saving: Saving,
): Promise<NextWorkspace | null> {
  try {
    return await inManifestTurn(owner, saving.clientSignal, async (turn) => {
      return await merged(turn, deps, saving);
    });
  } catch (error) {
    const { id: executionId } = saving.execution;
    const isFull = error instanceof ApiError && fullCodes.has(error.code);
    if (!isFull && !isUnreadable(error)) throw error;
    logFailure("a workspace can't be saved", error, { executionId, alarm: !isFull });
    return null;
  }
}

async function merged(
  turn: ManifestTurn,
  deps: StoringDeps,
  { execution, environment, saved }: Saving,
): Promise<NextWorkspace> {
  const { workspace, profile } = environment.value;
  const { baseManifestSha256, basePreviousManifestSha256 } = execution;
  const ours = await turn.read(saved);
  // The profile may have changed since; the work is kept if either profile has room for it.
  const room = roomOf(profile, workspaceRoom(execution.limits));
  const isAlone = (workspace?.manifestSha256 ?? null) === baseManifestSha256;
  const needed = await turn.footprint(ours);
  if (isAlone && fits(needed, room)) {
    const head = headOf(needed, saved, baseManifestSha256);
    return {
      head,
      changes: await changesForSnapshot(turn, environment.value, ours),
      conflicts: [],
      note: "",
    };
  }
  const base = await turn.readWorkspace(baseManifestSha256, basePreviousManifestSha256);
  const theirs = await turn.readFilesOf(environment.value);
  const { manifest, conflicts } = isAlone
    ? { manifest: ours, conflicts: [] }
    : await turn.merge({ base: base.manifest, ours, theirs: theirs.manifest });
  const before = await turn.footprint(theirs.manifest);
  const next = {
    manifest,
    first: theirs.manifest,
    // A workspace that is too large already may stay so.
    room: roomOf(profile, workspaceRoom(execution.limits), before),
  };
  const { head, left } = await turn.storeFitting(deps, next, theirs.sha256);
  const note = left.length === 0 ? "" : `Not saved, for want of room: ${nameList(left)}.\n`;
  const stored = await turn.read(head.manifestSha256);
  return {
    head,
    changes: await changesForSnapshot(turn, environment.value, stored),
    conflicts: conflicts.slice(0, conflictsMax),
    note: note + moreConflicts(conflicts),
  };
}

/** The execution lists only the first conflicts; the workspace has all files in both versions. */
function moreConflicts({ length }: readonly string[]): string {
  if (length <= conflictsMax) return "";
  return `Others changed ${length} of the same files meanwhile; ${conflictsMax} are named.\n`;
}
