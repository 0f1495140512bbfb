import { ApiError } from "#shared/errors/api-error";
import type { FoundKey } from "#shared/keys/revoke-keys";
import { apiKeys } from "#shared/store/api-keys";
import type { ReadStore } from "#shared/store/store";

/** @throws {ApiError} `NOT_FOUND`, both for another owner's key and for a deleted one. */
export async function findKey(
  store: ReadStore,
  which: { readonly ownerId: string; readonly keyId: string },
): Promise<FoundKey> {
  const where = [
    ["ownerId", which.ownerId],
    ["id", which.keyId],
  ] as const;
  const [found] = await store.findAll(apiKeys.all(), { where, orderBy: [], limit: 1 });
  if (!found || found.value.deletedAt !== null) throw new ApiError("NOT_FOUND");
  return found;
}
