/**
 * Deletes the objects of transfers that have ended, and takes them off what their owner stores. An
 * upload's session lives for a week in Cloud Storage, so an object may still appear after its
 * transfer has ended; documents are kept for longer than that, and each sweep looks again. Nothing
 * else names these objects, so they go at once.
 */
import type { StoredObject } from "../google/objects.ts";
import type { Owner } from "../identity/owner.ts";
import { patch } from "../store/documents.ts";
import { environments } from "../store/environments.ts";
import type { FoundDocument } from "../store/read-document.ts";
import type { Store } from "../store/store.ts";
import { hasTransferEnded, type Transfer, transfers } from "../store/transfers.ts";
import { storageUsageId, storageUsages } from "../store/usage.ts";
import { withDeadline } from "../store/with-deadline.ts";

/** Longer than a request takes from storing a download's object to its commit. */
const uncommittedMs = 60 * 60_000;
/** An account has at most some dozens; what is left waits for the next sweep. */
const countedMax = 1_000;

type Found = FoundDocument<typeof transfers.schema>;

export interface TransferSweep {
  readonly store: Pick<Store, "get" | "commit" | "findAll" | "findPaths">;
  readonly now: number;
  readonly list: () => AsyncIterable<readonly StoredObject[]>;
  readonly remove: (object: StoredObject) => Promise<void>;
  readonly isLate: () => boolean;
  readonly isFrozen: () => Promise<boolean>;
}

/** What the transfers that still count come to, and whether any must be looked at again. */
export interface CountedTransfers {
  readonly bytes: number;
  readonly objects: number;
  readonly hasMore: boolean;
  readonly deleted: number;
}

export async function collectTransfers(
  sweep: TransferSweep,
  owner: Owner,
): Promise<CountedTransfers> {
  const { left, deleted } = await deleteEnded(sweep, owner);
  const all = transfers.all(owner);
  const counted = await sweep.store.findAll(all, {
    where: [["isCounted", true]],
    orderBy: [],
    limit: countedMax,
  });
  const total = { bytes: 0, objects: 0 };
  for (const found of counted) {
    const { id, sizeBytes } = found.value;
    if (!left.has(id) && !sweep.isLate() && (await hasEnded(sweep, owner, found.value))) {
      await uncount(sweep, owner, found);
      continue;
    }
    total.bytes += sizeBytes;
    total.objects += 1;
  }
  const known = await sweep.store.findPaths(all, { where: [], limit: 1 });
  return { ...total, hasMore: known.length > 0 || left.size > 0, deleted };
}

/** @returns `left` names the objects that are still there. */
async function deleteEnded(sweep: TransferSweep, owner: Owner) {
  const left = new Set<string>();
  let deleted = 0;
  for await (const page of sweep.list()) {
    for (const object of page) {
      if (sweep.isLate() || (await isNeeded(sweep, owner, object)) || (await sweep.isFrozen())) {
        left.add(object.sha256);
        continue;
      }
      await sweep.remove(object);
      deleted += 1;
    }
  }
  return { left, deleted };
}

async function isNeeded(
  sweep: TransferSweep,
  owner: Owner,
  { sha256: id, storedAt }: StoredObject,
): Promise<boolean> {
  const { value } = await sweep.store.get(transfers.of(owner, id));
  if (value === null) return sweep.now - storedAt < uncommittedMs;
  return !(await hasEnded(sweep, owner, value));
}

/** Whether it has ended by itself or with its environment. */
async function hasEnded(
  { store, now }: TransferSweep,
  owner: Owner,
  transfer: Transfer,
): Promise<boolean> {
  if (hasTransferEnded(transfer, now)) return true;
  const { value } = await store.get(environments.of(owner, transfer.environmentId));
  return value === null;
}

/** Both documents change in one commit, so its bytes are taken off once. */
async function uncount(
  { store }: TransferSweep,
  owner: Owner,
  { ref, value, version }: Found,
): Promise<void> {
  const increments = { bytes: 0 - value.sizeBytes, objects: -1 };
  await withDeadline(
    store.commit([
      patch(ref, { isCounted: false }, { version }),
      patch(storageUsages.of(owner, storageUsageId), {}, { increments, mustExist: true }),
    ]),
  );
}
