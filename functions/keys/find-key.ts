import { ApiError } from "#shared/errors/api-error";
import { findAnyKey } from "#shared/keys/find-any-key";
import type { FoundKey } from "#shared/keys/revoke-keys";
import type { ReadStore } from "#shared/store/store";

/** @throws {ApiError} `NOT_FOUND`, both for another owner's key and for a deleted one. */
export async function findKey(
  store: ReadStore,
  which: { readonly ownerId: string; readonly keyId: string },
): Promise<FoundKey> {
  const found = await findAnyKey(store, which);
  if (found.value.deletedAt !== null) throw new ApiError("NOT_FOUND");
  return found;
}
