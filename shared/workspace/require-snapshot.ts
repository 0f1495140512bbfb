import { ApiError } from "../errors/api-error.ts";
import type { Owner } from "../identity/owner.ts";
import type { FoundDocument } from "../store/read-document.ts";
import { workspaceSnapshots } from "../store/snapshots.ts";
import type { ReadStore } from "../store/store.ts";

/**
 * A snapshot of that environment.
 * @throws {ApiError} `NOT_FOUND`, for another environment's as well.
 */
export async function requireSnapshot(
  store: ReadStore,
  owner: Owner,
  { environmentId, snapshotId }: { readonly environmentId: string; readonly snapshotId: string },
): Promise<FoundDocument<typeof workspaceSnapshots.schema>> {
  const found = await store.require(workspaceSnapshots.of(owner, snapshotId));
  if (found.value.environmentId !== environmentId) throw new ApiError("NOT_FOUND");
  return found;
}
