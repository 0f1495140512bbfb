/**
 * Searches every store for what a deletion may have left: by what the stores list, not by what the
 * retention table names, so that it finds collections that nobody thought of.
 */
import { collectionPlaces, groupOf, objectKinds } from "../core/retention/retention-places.ts";
import { deleteExports } from "../google/export-objects.ts";
import { listObjects } from "../google/objects.ts";
import type { Owner } from "../identity/owner.ts";
import { remove } from "../store/documents.ts";
import { accounts } from "../store/owners.ts";
import type { Store } from "../store/store.ts";
import { withDeadline } from "../store/with-deadline.ts";

/** So many of each collection are looked at per search; the next search finds the others. */
const pathsMax = 100;
/** Deeper than anything is stored. */
const depthMax = 6;

const kept = new Set(
  collectionPlaces.filter(({ outlivesAccount }) => outlivesAccount).map(groupOf),
);

interface Stores {
  readonly store: Store;
  readonly keyStore: Store;
}

/**
 * Finds documents and objects of an owner, and removes the documents that it finds.
 * @returns how many there were: 0 if the account is gone.
 */
export async function removeRemains(stores: Stores, owner: Owner): Promise<number> {
  const path = `owners/${owner.id}`;
  const found = [
    await removeBelow(stores.store, path, 0),
    await removeBelow(stores.keyStore, path, 0),
    await removeNamed(stores.store, owner),
    await deleteExports(owner),
  ];
  for (const kind of objectKinds) {
    for await (const page of listObjects(owner, kind)) found.push(page.length);
  }
  return found.reduce((sum, count) => sum + count, 0);
}

/** Also finds documents below documents that don't exist. */
async function removeBelow(store: Store, path: string, depth: number): Promise<number> {
  if (depth > depthMax) return 0;
  let count = 0;
  for (const { collection, paths } of await store.findBelow(path, pathsMax)) {
    if (depth === 0 && kept.has(collection)) continue;
    for (const each of paths) {
      count += 1 + (await removeBelow(store, each, depth + 1));
      await withDeadline(store.commit([remove({ path: each, schema: accounts.schema }, null)]));
    }
  }
  return count;
}

/** The system's documents that name the owner. */
async function removeNamed(store: Store, owner: Owner): Promise<number> {
  let count = 0;
  for (const { path, ownerField } of collectionPlaces) {
    if (ownerField === undefined) continue;
    const where = [[ownerField, owner.id]] as const;
    const collection = { path, schema: accounts.schema };
    const paths = await store.findPaths(collection, { where, limit: pathsMax });
    for (const each of paths) {
      await withDeadline(store.commit([remove({ path: each, schema: accounts.schema }, null)]));
    }
    count += paths.length;
  }
  return count;
}
