/** Owners that an operator names. The operator's right to act on them was checked before. */
import type { Mode } from "../core/keys/api-key.ts";
import { mintOwner, type Owner } from "../identity/owner.ts";
import { type OwnerProfile, owners } from "../store/owners.ts";
import type { ReadStore } from "../store/store.ts";

/** @throws {ApiError} `NOT_FOUND` if there is no such owner. */
export async function existingOwner(
  store: ReadStore,
  id: string,
): Promise<{ readonly owner: Owner; readonly profile: OwnerProfile }> {
  const { value } = await store.require(owners.doc(id));
  return { owner: mintOwner(value.id, value.mode), profile: value };
}

/** An owner that is about to be created. */
export function newOwner(id: string, mode: Mode): Owner {
  return mintOwner(id, mode);
}

/** The owner of an account that is being deleted, whose profile may be gone. */
export function deletedOwner(deletion: { readonly ownerId: string; readonly mode: Mode }): Owner {
  return mintOwner(deletion.ownerId, deletion.mode);
}

/** The owner of a profile that maintenance found. */
export function ownerOf({ id, mode }: OwnerProfile): Owner {
  return mintOwner(id, mode);
}

/**
 * The owner of audit rows that the sequencer found; `operatorsTrail` has rows as well, and no
 * profile. The mode isn't known here, and nothing that the sequencer does depends on it.
 */
export function auditedOwner(id: string): Owner {
  return mintOwner(id, "production");
}
