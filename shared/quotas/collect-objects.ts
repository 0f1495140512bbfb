/**
 * Deletes an owner's unreferenced objects: earlier versions of files, packs of executions that
 * never settled, workspaces of deleted environments. This takes two steps with hours in between
 * (ADR 33), because an object is stored before the commit that refers to it, and because storing an
 * object that exists doesn't write it again:
 *
 * 1. Old enough objects without a reference are condemned: they are put on a list, nothing more.
 * 2. Hours later, those that are still on the list and have no reference are deleted. A commit
 *    marks them as going, and fails if one was taken off the list meanwhile. Then they are removed
 *    from the bucket and from the owner's usage.
 *
 * Storing an object takes it off the list, and is refused while the object is going
 * (`store-object.ts`).
 */

import type { ObjectKind } from "../core/retention/retention-table.ts";
import { allInOrder } from "../errors/all-in-order.ts";
import { deleteObject, listObjects, type StoredObject } from "../google/objects.ts";
import { closeUpload } from "../google/transfer-objects.ts";
import type { Owner } from "../identity/owner.ts";
import {
  createOrReplace,
  patch,
  replace,
  type Snapshot,
  type Version,
} from "../store/documents.ts";
import type { Store } from "../store/store.ts";
import {
  type Condemned,
  condemnedId,
  condemnedObjects,
  storageUsageId,
  storageUsages,
} from "../store/usage.ts";
import { isConflict, withDeadline } from "../store/with-deadline.ts";
import { type CountedTransfers, collectTransfers } from "./collect-transfers.ts";
import type { References } from "./references.ts";

export interface GarbageCollection {
  readonly store: Pick<Store, "get" | "commit">;
  now(): number;
  /** The objects that must stay. */
  readonly referenced: () => Promise<References>;
  readonly list: (kind: ObjectKind) => AsyncIterable<readonly StoredObject[]>;
  readonly remove: (object: Pick<StoredObject, "kind" | "sha256" | "generation">) => Promise<void>;
  readonly unreferencedMs: number;
  /** Whether this call must end. What it did is kept, and the next call continues. */
  readonly isLate: () => boolean;
  /** Whether an incident needs the owner's data since, so that nothing more may be deleted. */
  readonly isFrozen: () => Promise<boolean>;
  /** Deletes what is left of transfers, and says what of them counts. */
  readonly collectTransfers: () => Promise<CountedTransfers>;
  /** Translates the version of the usage document into the time of its last real change. */
  readonly usageChangedAt: (version: Version) => Version;
}

export interface CollectedObjects {
  readonly condemned: number;
  readonly deleted: number;
}

/** The most objects in one call and in one document. */
const objectsMax = 2_000;
/** Longer than any request takes to store something. */
const quietMs = 10 * 60_000;
const deletionsAtOnceMax = 16;
const kinds = ["packs", "manifests"] as const;

export function realGarbageCollection(
  deps: { readonly store: Store; now(): number },
  owner: Owner,
  how: Pick<
    GarbageCollection,
    "referenced" | "unreferencedMs" | "isLate" | "isFrozen" | "usageChangedAt"
  >,
): GarbageCollection {
  return {
    store: deps.store,
    now: deps.now,
    list: (kind) => listObjects(owner, kind),
    remove: (object) => deleteObject(owner, object),
    collectTransfers: async () => {
      const { isLate, isFrozen } = how;
      const list = () => listObjects(owner, "transfers");
      const remove = (object: StoredObject) => deleteObject(owner, object);
      const close = (id: string, generation: string | null) => closeUpload(owner, id, generation);
      const sweep = { store: deps.store, now: deps.now(), list, remove, close, isLate, isFrozen };
      return await collectTransfers(sweep, owner);
    },
    ...how,
  };
}

/** Runs the step that is due. It is safe to repeat or to run concurrently. */
export async function collectObjects(
  collection: GarbageCollection,
  owner: Owner,
): Promise<CollectedObjects> {
  const transfers = await collection.collectTransfers();
  const { condemned, deleted } = await collectUnreferenced(collection, owner, transfers);
  return { condemned, deleted: deleted + transfers.deleted };
}

async function collectUnreferenced(
  collection: GarbageCollection,
  owner: Owner,
  transfers: CountedTransfers,
): Promise<CollectedObjects> {
  const found = await collection.store.get(condemnedObjects.of(owner, condemnedId));
  const { value, version } = found;
  if (!value) return await condemn(collection, owner, { version: null, transfers });
  if (value.going.length > 0) return await finish(collection, owner, { value, version });
  if (value.waiting.length === 0) {
    return await condemn(collection, owner, { version, transfers });
  }
  if (collection.now() - value.condemnedAt < collection.unreferencedMs) {
    await setSweepAt(collection, owner, value.condemnedAt + collection.unreferencedMs);
    return { condemned: 0, deleted: 0 };
  }
  const { names } = await collection.referenced();
  const going = value.waiting.filter((entry) => !names.has(nameOf(entry)));
  const next: Condemned = { ...value, waiting: [], going };
  // The list was read before the references, so this fails if an object was taken off it in
  // between.
  const ref = condemnedObjects.of(owner, condemnedId);
  const committed = await withDeadline(collection.store.commit([replace(ref, version, next)]));
  return await finish(collection, owner, { value: next, version: committed });
}

async function condemn(
  collection: GarbageCollection,
  owner: Owner,
  { version, transfers }: { readonly version: Version | null; transfers: CountedTransfers },
): Promise<CollectedObjects> {
  const now = collection.now();
  const usage = await collection.store.get(storageUsages.of(owner, storageUsageId));
  const { names, hasTemporary } = await collection.referenced();
  const waiting: string[] = [];
  let isYoung = false;
  const total = { bytes: transfers.bytes, objects: transfers.objects };
  const { isWhole } = await forEachPage(collection, kinds, async (page) => {
    for (const object of page) {
      total.bytes += object.sizeBytes;
      total.objects += 1;
      if (names.has(nameOf(entryOf(object))) || waiting.length >= objectsMax) continue;
      if (now - object.storedAt < collection.unreferencedMs) isYoung = true;
      else waiting.push(entryOf(object));
    }
  });
  if (waiting.length > 0) {
    const ref = condemnedObjects.of(owner, condemnedId);
    const value: Condemned = { v: 1, waiting, condemnedAt: now, going: [] };
    await withDeadline(collection.store.commit([createOrReplace(ref, version, value)]));
  }
  if (!isWhole && waiting.length === 0) return { condemned: 0, deleted: 0 };
  // Objects that weren't reached in time are looked for once these are deleted.
  const more = waiting.length > 0 || isYoung || hasTemporary || transfers.hasMore;
  if (isWhole) await correctUsage(collection, usage, total);
  await setSweepAt(collection, owner, more ? now + collection.unreferencedMs : null);
  return { condemned: waiting.length, deleted: 0 };
}

/**
 * Deletes the objects that are going. It may continue where a process died, since the bucket no
 * longer lists what that process deleted. Each page of the bucket's list has its own commit, so a
 * call that the platform ends loses the count of one page at most.
 */
async function finish(
  collection: GarbageCollection,
  owner: Owner,
  { value, version }: { readonly value: Condemned; readonly version: Version },
): Promise<CollectedObjects> {
  const going = new Set(value.going);
  let [deleted, latest] = [0, version];
  const commit = async (left: readonly string[], page: readonly StoredObject[]) => {
    const bytes = page.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    const increments = { bytes: 0 - bytes, objects: 0 - page.length };
    const list = condemnedObjects.of(owner, condemnedId);
    const usage = storageUsages.of(owner, storageUsageId);
    const writes = [
      replace(list, latest, { ...value, going: [...left] }),
      patch(usage, { sweepAt: collection.now() }, { increments, mustExist: true }),
    ];
    latest = await withDeadline(collection.store.commit(writes));
    deleted += page.length;
  };
  let isFrozen = false;
  const wanted = kinds.filter((kind) => value.going.some((name) => name.startsWith(`${kind}/`)));
  const { isWhole } = await forEachPage(collection, wanted, async (page) => {
    const wantedOfPage = page.filter((object) => going.has(entryOf(object)));
    const { removed, failures, ...ended } = await removeInTime(collection, wantedOfPage);
    isFrozen ||= ended.isFrozen;
    for (const object of removed) going.delete(entryOf(object));
    if (removed.length > 0) await commit([...going], removed);
    if (failures.length > 0) throw failures[0];
  });
  // What isn't listed is gone already.
  if (isWhole && !isFrozen && (going.size > 0 || deleted === 0)) await commit([], []);
  return { condemned: 0, deleted };
}

/**
 * Deletes a few at a time until it is late, an incident needs them, or one can't be deleted. What
 * it deleted must be taken off the count in any case, because the bucket doesn't list it any more.
 */
async function removeInTime(collection: GarbageCollection, objects: readonly StoredObject[]) {
  const removed: StoredObject[] = [];
  const failures: unknown[] = [];
  let isFrozen = false;
  const remove = async (object: StoredObject) => {
    try {
      await collection.remove(object);
      removed.push(object);
    } catch (error) {
      failures.push(error);
    }
  };
  for (let first = 0; first < objects.length; first += deletionsAtOnceMax) {
    if (collection.isLate() || failures.length > 0) break;
    isFrozen = await collection.isFrozen();
    if (isFrozen) break;
    await allInOrder(objects.slice(first, first + deletionsAtOnceMax).map(remove));
  }
  return { removed, failures, isFrozen };
}

/** Visits the bucket's list page by page. `isWhole` is false if it got late before the end. */
async function forEachPage(
  collection: GarbageCollection,
  which: readonly ObjectKind[],
  visit: (page: readonly StoredObject[]) => Promise<void>,
): Promise<{ readonly isWhole: boolean }> {
  for (const kind of which) {
    for await (const page of collection.list(kind)) {
      if (collection.isLate()) return { isWhole: false };
      await visit(page);
    }
  }
  return { isWhole: !collection.isLate() };
}

/**
 * Corrects a usage that a process left too high when it died. It does so only if nothing was stored
 * for a while, because an object is counted before it is stored.
 */
async function correctUsage(
  collection: GarbageCollection,
  { ref, version }: Snapshot<typeof storageUsages.schema>,
  total: { readonly bytes: number; readonly objects: number },
): Promise<void> {
  if (!version || collection.now() - collection.usageChangedAt(version).toMillis() < quietMs)
    return;
  await withDeadline(collection.store.commit([patch(ref, total, { version })])).catch(
    (error: unknown) => {
      if (!isConflict(error)) throw error;
    },
  );
}

async function setSweepAt(
  collection: GarbageCollection,
  owner: Owner,
  sweepAt: number | null,
): Promise<void> {
  const ref = storageUsages.of(owner, storageUsageId);
  await withDeadline(collection.store.commit([patch(ref, { sweepAt }, { mustExist: true })]));
}

/** An object's entry in the list. */
export function entryOf({
  kind,
  sha256,
  generation,
}: Omit<StoredObject, "sizeBytes" | "storedAt">) {
  return `${kind}/${sha256}#${generation}`;
}

/** The entry without its generation. */
export function nameOf(entry: string): string {
  return entry.slice(0, entry.indexOf("#"));
}
