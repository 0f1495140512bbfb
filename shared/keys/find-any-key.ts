import { ApiError } from "../errors/api-error.ts";
import { apiKeys } from "../store/api-keys.ts";
import type { ReadStore } from "../store/store.ts";
import type { FoundKey } from "./revoke-keys.ts";

/**
 * An owner's key, be it revoked or deleted.
 * @throws {ApiError} `NOT_FOUND`, for another owner's key and for one that never was.
 */
export async function findAnyKey(
  store: ReadStore,
  which: { readonly ownerId: string; readonly keyId: string },
): Promise<FoundKey> {
  const where = [
    ["ownerId", which.ownerId],
    ["id", which.keyId],
  ] as const;
  const [found] = await store.findAll(apiKeys.all(), { where, orderBy: [], limit: 1 });
  if (!found) throw new ApiError("NOT_FOUND");
  return found;
}
