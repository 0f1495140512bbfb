/**
 * Takes a deleted snapshot out of the row. The next one was compared with it, and would go on
 * showing what it held; it is compared with the state before instead.
 */

import type { ChangedFiles } from "../core/workspace/changed-files.ts";
import { allInOrder } from "../errors/all-in-order.ts";
import type { Owner } from "../identity/owner.ts";
import type { Environment } from "../store/environments.ts";
import type { FoundDocument } from "../store/read-document.ts";
import { type WorkspaceSnapshot, workspaceSnapshots } from "../store/snapshots.ts";
import type { ReadStore } from "../store/store.ts";
import { inManifestTurn, isUnreadable } from "./manifest-turn.ts";

type Found = FoundDocument<typeof workspaceSnapshots.schema>;

/** The snapshots before and after one; null where there is none. */
export interface Around {
  readonly parent: WorkspaceSnapshot | null;
  readonly child: Found | null;
}

export async function readAround(
  store: ReadStore,
  owner: Owner,
  which: { readonly environment: Environment; readonly snapshotId: string },
): Promise<Around> {
  const { snapshotIds } = which.environment;
  const index = snapshotIds.indexOf(which.snapshotId);
  const at = async (place: number) => {
    const id = index < 0 ? undefined : snapshotIds[place];
    return id === undefined ? null : await store.get(workspaceSnapshots.of(owner, id));
  };
  const [parent, child] = await allInOrder([at(index - 1), at(index + 1)]);
  return { parent: parent?.value ?? null, child: child?.version ? child : null };
}

/**
 * The next snapshot's fields without the deleted one; null if nothing of it is left there.
 * @throws {ApiError} `UNAVAILABLE`.
 */
export async function rebasedChild(
  owner: Owner,
  deleted: { readonly snapshot: Found; readonly around: Around },
  signal: AbortSignal,
): Promise<Partial<WorkspaceSnapshot> | null> {
  const { value } = deleted.snapshot;
  const { parent, child } = deleted.around;
  if (child === null || !isNamedBy(child.value, value)) return null;
  const baseManifestSha256 = baseWithout(value, parent);
  const next = child.value.head?.manifestSha256 ?? null;
  const changes = await inManifestTurn(
    owner,
    signal,
    async (turn): Promise<ChangedFiles | null> => {
      try {
        return await turn.changes(await turn.read(baseManifestSha256), await turn.read(next));
      } catch (error) {
        // Its list of changes stays as it is, since a deletion mustn't fail for what is lost.
        if (!isUnreadable(error)) throw error;
        return null;
      }
    },
  );
  return { parentSnapshotId: parent?.id ?? null, baseManifestSha256, ...changes };
}

function isNamedBy(child: WorkspaceSnapshot, { id, head }: WorkspaceSnapshot): boolean {
  if (child.parentSnapshotId === id) return true;
  return head !== null && child.baseManifestSha256 === head.manifestSha256;
}

/** One that was asked for has the same files as its own base, and says nothing of those before. */
function baseWithout(
  { head, baseManifestSha256 }: WorkspaceSnapshot,
  parent: WorkspaceSnapshot | null,
): string | null {
  const isOwn = baseManifestSha256 === (head?.manifestSha256 ?? null);
  return isOwn ? (parent?.head?.manifestSha256 ?? null) : baseManifestSha256;
}
