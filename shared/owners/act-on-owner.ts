/** Owners that an operator names. The operator's right to act on them was checked before. */
import type { Mode } from "../core/keys/api-key.ts";
import { mintOwner, type Owner } from "../identity/owner.ts";
import { type OwnerProfile, owners } from "../store/owners.ts";
import type { Store } from "../store/store.ts";

/** @throws {ApiError} `NOT_FOUND` if there is no such owner. */
export async function existingOwner(
  store: Store,
  id: string,
): Promise<{ readonly owner: Owner; readonly profile: OwnerProfile }> {
  const { value } = await store.require(owners.doc(id));
  return { owner: mintOwner(value.id, value.mode), profile: value };
}

/** An owner that is about to be created. */
export function newOwner(id: string, mode: Mode): Owner {
  return mintOwner(id, mode);
}

/** The owner of a profile that maintenance found. */
export function ownerOf({ id, mode }: OwnerProfile): Owner {
  return mintOwner(id, mode);
}
