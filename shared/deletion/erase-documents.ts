/**
 * Deletes documents together with all that goes with them by the retention table, so that a copy in
 * a new collection goes, too. Deleting again what is gone changes nothing, so a sweep that died is
 * just repeated.
 */
import pMap from "p-map";
import * as z from "zod";
import { type CollectionPlace, dependentsOf, groupOf } from "../core/retention/retention-places.ts";
import type { Owner } from "../identity/owner.ts";
import { remove, type Write } from "../store/documents.ts";
import type { PageRequest } from "../store/queries.ts";
import type { Store } from "../store/store.ts";
import { withDeadline } from "../store/with-deadline.ts";

/** Documents per commit. Only their paths are in memory. */
const pageLength = 200;
/** Documents whose dependents are erased at once. */
const concurrency = 8;
const anything = z.object({});

export interface Eraser {
  readonly store: Store;
  /** The database of sealing keys. */
  readonly keyStore: Store;
  readonly owner: Owner;
  /** Whether the call's time is over; the rest is for the next. */
  readonly isLate: () => boolean;
  /** Makes commits fail once the owner's evidence is frozen; see `stillFree`. */
  readonly still: Write;
  /** What is written in the commit that deletes a document; nothing by default. */
  readonly leave?: (place: CollectionPlace, id: string) => readonly Write[];
}

/** Which documents of a collection to delete; all by default. */
type Which = Pick<PageRequest, "where">;

/**
 * Deletes documents of one collection, and before each of them what goes with it.
 * @param outerPath The path of the document that the collection is below of.
 * @returns Whether none is left.
 */
export async function eraseCollection(
  eraser: Eraser,
  place: CollectionPlace,
  { outerPath, ...which }: Which & { readonly outerPath: string },
): Promise<boolean> {
  const store = place.database === "keys" ? eraser.keyStore : eraser.store;
  const collection = { path: `${outerPath}/${groupOf(place)}`, schema: anything };
  for (;;) {
    if (eraser.isLate()) return false;
    const paths = await store.findPaths(collection, { ...which, limit: pageLength });
    const erase = async (path: string) => await eraseDependents(eraser, place, path);
    const erased = await pMap(paths, erase, { concurrency });
    if (erased.includes(false)) return false;
    const left = paths.flatMap((path) => eraser.leave?.(place, idOf(path)) ?? []);
    const gone = paths.map((path) => remove({ path, schema: anything }, null));
    if (paths.length > 0) await commitErasure(eraser, place, [...left, ...gone]);
    if (paths.length < pageLength) return true;
  }
}

/**
 * Deletes all documents of one kind that are the owner's, whatever they are below, and nothing that
 * goes with them: that is for those who erase all kinds, the inner ones first.
 * @returns Whether none is left.
 */
export async function eraseThroughout(eraser: Eraser, place: CollectionPlace): Promise<boolean> {
  const { owner, keyStore, store } = eraser;
  const group = { ownerPath: `owners/${owner.id}`, pattern: place.path, schema: anything };
  // It goes on after the last path, because a database takes long to pass over what was deleted.
  for (let after: string | null = null; ; ) {
    if (eraser.isLate()) return false;
    const from = place.database === "keys" ? keyStore : store;
    const { found, last } = await from.findGroupPaths(group, { after, limit: pageLength });
    const gone = found.map((path) => remove({ path, schema: anything }, null));
    if (gone.length > 0) await commitErasure(eraser, place, gone);
    if (last === null) return true;
    after = last;
  }
}

/** Deletes what goes with a document, and not the document. @returns Whether nothing is left. */
export async function eraseDependents(
  eraser: Eraser,
  place: CollectionPlace,
  path: string,
): Promise<boolean> {
  const { owner } = eraser;
  for (const dependent of dependentsOf(place)) {
    const { by } = dependent;
    const outerPath = by === undefined ? path : `owners/${owner.id}`;
    if (by === "id")
      await eraseNamesake(eraser, dependent, `${outerPath}/${groupOf(dependent)}/${idOf(path)}`);
    else {
      const which = by === undefined ? {} : { where: [[by, idOf(path)] as const] };
      if (!(await eraseCollection(eraser, dependent, { outerPath, ...which }))) return false;
    }
  }
  return true;
}

async function eraseNamesake(eraser: Eraser, place: CollectionPlace, path: string): Promise<void> {
  await commitErasure(eraser, place, [remove({ path, schema: anything }, null)]);
}

/**
 * The keys' database doesn't know what is frozen, so that is asked right before.
 * @throws a conflict if the owner's evidence was frozen meanwhile, also for the keys' database.
 */
async function commitErasure(
  { store, keyStore, still }: Eraser,
  { database }: CollectionPlace,
  writes: readonly Write[],
): Promise<void> {
  if (database !== "keys") await withDeadline(store.commit([...writes, still]));
  else {
    await withDeadline(store.commitWithoutRetry([still]));
    await withDeadline(keyStore.commit(writes));
  }
}

function idOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
