/**
 * Erases an account, step by step. Each step may be repeated, and each begins only when nothing of
 * the one before is left, so a process that dies only delays the deletion.
 */

import pMap from "p-map";
import {
  type CollectionPlace,
  collectionPlaces,
  objectKinds,
  placeOf,
} from "../core/retention/retention-places.ts";
import type { ObjectKind } from "../core/retention/retention-table.ts";
import { stopExecutions } from "../executions/stop-executions.ts";
import { archiveName } from "../google/billing-objects.ts";
import { deleteExports } from "../google/export-objects.ts";
import { deleteObject, listObjects, type StoredObject } from "../google/objects.ts";
import type { Owner } from "../identity/owner.ts";
import { executionsOf } from "../keys/revoke-keys.ts";
import { deletedOwner } from "../owners/act-on-owner.ts";
import { archiveLedger, linesAfter, stateOf } from "../owners/archive-ledger.ts";
import { followAccount } from "../owners/suspend-owner.ts";
import { uploadSessionMs, uploadsBegun } from "../quotas/uploads-begun.ts";
import type { KeptOfAccount } from "../store/account-deletions.ts";
import { auditRows } from "../store/audit-rows.ts";
import { auditTreeId, auditTrees } from "../store/audit-trees.ts";
import { billingArchiveId, billingArchives } from "../store/billing-archives.ts";
import { remove, replace } from "../store/documents.ts";
import { sealingKeys } from "../store/environments.ts";
import { accountId, accounts } from "../store/owners.ts";
import { withDeadline } from "../store/with-deadline.ts";
import type { FoundDeletion } from "./account-deletion.ts";
import { type Eraser, eraseCollection, eraseThroughout } from "./erase-documents.ts";
import { type DeletionDeps, unlessFrozen } from "./finish-deletion.ts";

const pageLength = 200;
/** Objects that are deleted at once. */
const concurrency = 8;
const objectsPerCheck = 64;

/** Whether a step is done, or something must happen first, or the call's time is over. */
export type Step = "done" | "waits" | "late";

/**
 * Ends everything that could still write for the owner, destroys the key pairs, and brings into
 * safety what the law keeps.
 * @returns what is kept, or why that can't be said yet.
 */
export async function closeAccount(
  deps: DeletionDeps,
  { value: deletion }: FoundDeletion,
  { isLate, still }: EraserBounds,
): Promise<KeptOfAccount | Exclude<Step, "done">> {
  const owner = deletedOwner(deletion);
  await followAccount(deps, owner.id);
  if (!(await isIdle(deps, owner, deletion))) return "waits";
  const eraser = { store: deps.store, keyStore: deps.keyStore, owner, isLate, still };
  const outerPath = `owners/${owner.id}`;
  const sealing = placeOf(sealingKeys.pattern);
  if (!(await unlessFrozen(eraseCollection(eraser, sealing, { outerPath })))) return "late";
  if (!(await isArchived(deps, owner, isLate))) return "waits";
  return (await keptOf(deps, owner)) ?? "waits";
}

/** Stops what still runs. @returns Whether nothing holds money any more. */
async function isIdle(
  deps: DeletionDeps,
  owner: Owner,
  { actor, requestId }: FoundDeletion["value"],
): Promise<boolean> {
  const { value: account } = await deps.store.get(accounts.of(owner, accountId));
  const ids = account ? executionsOf(account, null) : [];
  await stopExecutions(deps, owner, { ids, by: { actor, requestId } });
  return ids.length === 0;
}

/** Copies all ledger lines into the archive. @returns Whether none is missing there. */
async function isArchived(
  { store, now }: DeletionDeps,
  owner: Owner,
  isLate: () => boolean,
): Promise<boolean> {
  for (let more = true; more && !isLate(); ) {
    more = (await archiveLedger(store, owner, { now: now(), waitMs: 0 })).more;
  }
  const { value } = await store.get(billingArchives.of(owner, billingArchiveId));
  const { place } = stateOf(owner, value);
  return (await linesAfter(store, owner, { place, limit: 1 })).length === 0;
}

/** Null until all rows are in the owner's tree, and the tree in the map of heads. */
async function keptOf({ store }: DeletionDeps, owner: Owner): Promise<KeptOfAccount | null> {
  const where = [["sequence", null]] as const;
  const unsequenced = await store.findPaths(auditRows.all(owner), { where, limit: 1 });
  const [archive, tree] = await store.getAll(
    billingArchives.of(owner, billingArchiveId),
    auditTrees.of(owner, auditTreeId),
  );
  if (unsequenced.length > 0 || (tree.value?.unpublished ?? null) !== null) return null;
  return {
    archive: archiveName(),
    archiveObjects: archive.value?.objects ?? 0,
    archiveSha256: archive.value?.last ?? null,
    treeSize: tree.value?.size ?? 0,
    treeRoot: tree.value?.published?.root ?? null,
  };
}

/**
 * When no session of the account's uploads stores anything any more; 0 if none can. It is asked
 * before the documents of the uploads are erased.
 */
export async function searchAtOf(
  { store }: Pick<DeletionDeps, "store">,
  { value: deletion }: FoundDeletion,
): Promise<number> {
  const { requestedAt } = deletion;
  const { count } = await uploadsBegun(store, deletedOwner(deletion), requestedAt);
  return count === 0 ? 0 : requestedAt + uploadSessionMs;
}

/**
 * Deletes what sessions have stored since the account was erased: they need no key, and the
 * documents that kept their places went with everything else. @returns Whether nothing is left.
 */
export async function eraseLateUploads(
  deps: DeletionDeps,
  found: FoundDeletion,
  bounds: EraserBounds,
): Promise<boolean> {
  return await unlessFrozen(eraseObjectsOf(eraserOf(deps, found, bounds), "transfers"));
}

type EraserBounds = Pick<Eraser, "isLate" | "still">;

function eraserOf(
  { store, keyStore }: DeletionDeps,
  { value: deletion }: FoundDeletion,
  bounds: EraserBounds,
): Eraser {
  return { store, keyStore, owner: deletedOwner(deletion), ...bounds };
}

/** Erases the documents and objects of an account. @returns Whether nothing is left. */
export async function eraseAccount(
  deps: DeletionDeps,
  found: FoundDeletion,
  bounds: EraserBounds,
): Promise<boolean> {
  const eraser = eraserOf(deps, found, bounds);
  // The profile goes first: no round over all owners begins to work for this one any more.
  const all = async () =>
    (await eraseSystemDocuments(eraser)) &&
    (await eraseObjects(eraser)) &&
    (await eraseOwnedDocuments(eraser));
  return await unlessFrozen(all());
}

async function eraseSystemDocuments({ store, owner, isLate, still }: Eraser): Promise<boolean> {
  for (const { path, ownerField } of collectionPlaces) {
    if (ownerField === undefined) continue;
    const collection = { path, schema: accounts.schema };
    for (let length = pageLength; length === pageLength; ) {
      if (isLate()) return false;
      const where = [[ownerField, owner.id]] as const;
      const paths = await store.findPaths(collection, { where, limit: pageLength });
      const gone = paths.map((each) => remove({ path: each, schema: accounts.schema }, null));
      if (gone.length > 0) await withDeadline(store.commit([...gone, still]));
      length = paths.length;
    }
  }
  return true;
}

async function eraseObjects(eraser: Eraser): Promise<boolean> {
  for (const kind of objectKinds) if (!(await eraseObjectsOf(eraser, kind))) return false;
  await deleteExports(eraser.owner);
  return true;
}

/** A bucket knows no commit, so what is frozen is asked before every few objects. */
async function eraseObjectsOf(
  { store, owner, isLate, still }: Eraser,
  kind: ObjectKind,
): Promise<boolean> {
  for await (const page of listObjects(owner, kind)) {
    const erase = async (object: StoredObject) => {
      if (!isLate()) await deleteObject(owner, object);
    };
    for (let first = 0; first < page.length && !isLate(); first += objectsPerCheck) {
      await withDeadline(store.commitWithoutRetry([still]));
      await pMap(page.slice(first, first + objectsPerCheck), erase, { concurrency });
    }
    if (isLate()) return false;
  }
  return true;
}

/** What is below others goes before them, so nothing is left that no outer document leads to. */
async function eraseOwnedDocuments(eraser: Eraser): Promise<boolean> {
  const depthOf = ({ path }: CollectionPlace) => path.split("/").length;
  const going = collectionPlaces
    .filter(({ path, outlivesAccount }) => path.startsWith("owners/*/") && !outlivesAccount)
    .sort((one, other) => depthOf(other) - depthOf(one));
  for (const place of going) if (!(await eraseThroughout(eraser, place))) return false;
  return true;
}

/** Stores the next state of a deletion. It fails if another process has changed it. */
export async function storeState(
  { store }: Pick<DeletionDeps, "store">,
  { ref, value, version }: FoundDeletion,
  next: Partial<FoundDeletion["value"]>,
): Promise<void> {
  await withDeadline(store.commit([replace(ref, version, { ...value, ...next })]));
}
