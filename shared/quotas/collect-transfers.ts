/**
 * Deletes the objects of transfers that have ended, and takes them off what their owner stores,
 * also those whose process died before it had stored or answered anything.
 * Nothing else names these objects, so they go at once. An upload's session lives for a week in
 * Cloud Storage, so an empty object takes the place of each upload first: no session stores
 * anything where there is an object. It stays for longer than any session.
 */
import { idPrefixes } from "../core/ids.ts";
import type { StoredObject } from "../google/objects.ts";
import type { Owner } from "../identity/owner.ts";
import { patch, type Snapshot } from "../store/documents.ts";
import { environments } from "../store/environments.ts";
import type { FoundDocument } from "../store/read-document.ts";
import type { Store } from "../store/store.ts";
import { hasTransferEnded, type Transfer, transfers } from "../store/transfers.ts";
import { signedCopyUsageId, signedCopyUsages } from "../store/usage.ts";
import { isConflict, withDeadline } from "../store/with-deadline.ts";
import { uncounting } from "./reserve-transfer.ts";
import { uploadSessionMs } from "./uploads-begun.ts";

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
  /** Puts an empty object in an upload's place; false if another one is there than is said. */
  readonly close: (id: string, generation: string | null) => Promise<boolean>;
  readonly isLate: () => boolean;
  readonly isFrozen: () => Promise<boolean>;
}

/** What the uploads that still count come to, and whether any transfer must be looked at again. */
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
  const copies = await sweep.store.get(signedCopyUsages.of(owner, signedCopyUsageId));
  const counted = await sweep.store.findAll(all, {
    where: [["isCounted", true]],
    orderBy: [],
    limit: countedMax,
  });
  const total = { upload: { bytes: 0, objects: 0 }, download: { bytes: 0, objects: 0 } };
  for (const found of counted) {
    const { value } = found;
    const mayEnd = !left.has(value.id) && !sweep.isLate() && (await hasEnded(sweep, owner, value));
    if (mayEnd && (await canStoreNothing(sweep, value, closed))) {
      await uncount(sweep, owner, found);
      continue;
    }
    total[value.kind].bytes += value.sizeBytes;
    total[value.kind].objects += 1;
  }
  if (counted.length < countedMax) await correctCopies(sweep, copies, total.download);
  const known = await sweep.store.findPaths(all, { where: [], limit: 1 });
  const hasMore = known.length > 0 || left.size > 0 || closed.size > 0;
  return { ...total.upload, hasMore, deleted };
}

/**
 * Documents vanish after days, also if no sweep has taken them off. The count and a document change
 * in one commit, so a count that hasn't changed since is that of the documents that were found.
 */
async function correctCopies(
  { store }: TransferSweep,
  { ref, value, version }: Snapshot<typeof signedCopyUsages.schema>,
  total: { readonly bytes: number; readonly objects: number },
): Promise<void> {
  if (!value || (value.bytes === total.bytes && value.objects === total.objects)) return;
  await withDeadline(store.commit([patch(ref, total, { version })])).catch((error: unknown) => {
    if (!isConflict(error)) throw error;
  });
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
      if (isPlace(object) && sweep.now - object.storedAt < uploadSessionMs) {
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

/** No upload is empty, so this is an empty object in the place of one. Copies may be empty. */
function isPlace({ sha256: id, sizeBytes }: StoredObject): boolean {
  return sizeBytes === 0 && id.startsWith(`${idPrefixes.fileUpload}_`);
}

async function endOf(
  sweep: TransferSweep,
  owner: Owner,
  object: StoredObject,
): Promise<"stay" | "delete" | "close"> {
  const { sha256: id, storedAt } = object;
  // It is old enough: no session lives any more.
  if (isPlace(object)) return "delete";
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
  await withDeadline(
    store.commit([patch(ref, { isCounted: false }, { version }), uncounting(owner, value)]),
  );
}
