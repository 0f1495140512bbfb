/** Takes over the layer that a build has made. */
import { workspaceRoom } from "#shared/core/executions/profiles";
import { fits } from "#shared/core/workspace/footprint";
import type { Owner } from "#shared/identity/owner";
import { logFailure } from "#shared/pipeline/request-log";
import type { Layer } from "#shared/store/environments";
import type { Execution } from "#shared/store/executions";
import { inManifestTurn, isUnreadable } from "#shared/workspace/manifest-turn";

interface Made {
  readonly execution: Execution;
  /** The digest of the manifest that the runner has stored. */
  readonly saved: string;
  /** Aborted when the runner is gone. */
  readonly clientSignal: AbortSignal;
}

export type NextLayer = Omit<Layer, "builtAt">;

/** Null if there is no such manifest, or if it is larger than a build may make it. */
export async function nextLayer(
  owner: Owner,
  { execution, saved, clientSignal }: Made,
): Promise<NextLayer | null> {
  const { build, limits } = execution;
  if (build === null) return null;
  try {
    return await inManifestTurn(owner, clientSignal, async (turn) => {
      const needed = await turn.footprint(await turn.read(saved));
      if (!fits(needed, workspaceRoom(limits))) return null;
      const { fileCount, totalBytes, restoreBytes } = needed;
      const { hash, variables } = build;
      return { hash, variables, manifestSha256: saved, fileCount, totalBytes, restoreBytes };
    });
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    logFailure("a layer can't be read", error, { executionId: execution.id, alarm: true });
    return null;
  }
}
