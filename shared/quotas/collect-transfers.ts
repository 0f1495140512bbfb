/**
 * Deletes the objects of transfers that have ended, and takes them off what their owner stores.
 * Nothing else names these objects, so they go at once. An upload's session lives for a week in
 * Cloud Storage, so an empty object takes the place of each upload first: no session stores
 * anything where there is an object. It stays for longer than any session.
 */
import { dayMs } from "../core/retention/periods.ts";
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
/** Longer than a session, which may begin until a signed request expires. */
const placeKeptMs = 8 * dayMs;
/** An account has at most some dozens; what is left waits for the next sweep. */
const countedMax = 1_000;

type Found = FoundDocument<typeof transfers.schema>;

export interface TransferSweep {
  readonly store: Pick<Store, "get" | "commit" | "findAll" | "findPaths">;
  readonly now: number;
  readonly list: () => AsyncIterable<readonly StoredObject[]>;
  readonly remove: (object: StoredObject) => Promise<void>;
  /** Puts an empty object in an upload's place; false if another one is there than is said. */
  readonly close: (id: string, generation: string | null) => Promise<boolean>;
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
  const { left, closed, deleted } = await endObjects(sweep, owner);
  const all = transfers.all(owner);
  const counted = await sweep.store.findAll(all, {
    where: [["isCounted", true]],
    orderBy: [],
    limit: countedMax,
  });
  const total = { bytes: 0, objects: 0 };
  for (const found of counted) {
    const { value } = found;
    const mayEnd = !left.has(value.id) && !sweep.isLate() && (await hasEnded(sweep, owner, value));
    if (mayEnd && (await canStoreNothing(sweep, value, closed))) {
      await uncount(sweep, owner, found);
      continue;
    }
    total.bytes += value.sizeBytes;
    total.objects += 1;
  }
  const known = await sweep.store.findPaths(all, { where: [], limit: 1 });
  const hasMore = known.length > 0 || left.size > 0 || closed.size > 0;
  return { ...total, hasMore, deleted };
}

/** Takes the place of an upload that was never sent, which must be before it counts no more. */
async function canStoreNothing(
  { close }: TransferSweep,
  { id, kind }: Transfer,
  closed: ReadonlySet<string>,
): Promise<boolean> {
  return kind === "download" || closed.has(id) || (await close(id, null));
}

/** @returns `left` names the objects that are still there, `closed` the places that are taken. */
async function endObjects(sweep: TransferSweep, owner: Owner) {
  const left = new Set<string>();
  const closed = new Set<string>();
  let deleted = 0;
  for await (const page of sweep.list()) {
    for (const object of page) {
      const { sha256: id, generation } = object;
      if (object.sizeBytes === 0 && sweep.now - object.storedAt < placeKeptMs) {
        closed.add(id);
        continue;
      }
      const end = sweep.isLate() ? "stay" : await endOf(sweep, owner, object);
      if (end === "stay" || (await sweep.isFrozen())) {
        left.add(id);
      } else if (end === "delete") {
        await sweep.remove(object);
        deleted += 1;
      } else if (await sweep.close(id, generation)) {
        closed.add(id);
        deleted += 1;
      } else left.add(id);
    }
  }
  return { left, closed, deleted };
}

async function endOf(
  sweep: TransferSweep,
  owner: Owner,
  { sha256: id, sizeBytes, storedAt }: StoredObject,
): Promise<"stay" | "delete" | "close"> {
  // No upload is empty: this is the place of one, and old enough.
  if (sizeBytes === 0) return "delete";
  const { value } = await sweep.store.get(transfers.of(owner, id));
  // Nobody was given its address.
  if (value === null) return sweep.now - storedAt < uncommittedMs ? "stay" : "delete";
  if (!(await hasEnded(sweep, owner, value))) return "stay";
  return value.kind === "upload" ? "close" : "delete";
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
