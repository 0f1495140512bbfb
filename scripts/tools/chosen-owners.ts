/** The owners that a command works on. */
import type { Owner } from "#shared/identity/owner";
import { existingOwner, ownerOf } from "#shared/owners/act-on-owner";
import { owners } from "#shared/store/owners";
import type { SnapshotPage } from "#shared/store/read-snapshot";
import type { Store } from "#shared/store/store";

const ownersPerPage = 100;

/**
 * All owners in the order of their ids, read a page at a time; or the one that `ownerId` names.
 * @throws {ApiError} `NOT_FOUND` if there is no such owner.
 */
export async function* chosenOwners(
  store: Store,
  ownerId: string | undefined,
): AsyncGenerator<Owner> {
  if (ownerId !== undefined) {
    yield (await existingOwner(store, ownerId)).owner;
    return;
  }
  let walk: SnapshotPage = { field: "id", after: null, limit: ownersPerPage };
  for (let length = ownersPerPage; length === ownersPerPage; ) {
    const page = await store.withSnapshot((snapshot) => snapshot.next(owners.all(), walk));
    for (const { value } of page) yield ownerOf(value);
    const last = page.at(-1)?.value.id ?? "";
    walk = { ...walk, after: { value: last, id: last } };
    length = page.length;
  }
}
