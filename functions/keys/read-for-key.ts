import type { Owner } from "#shared/auth/owner";
import { ApiError } from "#shared/errors/api-error";
import { apiKeys, keyRequests } from "#shared/store/api-keys";
import { create, type Write } from "#shared/store/documents";
import { environments } from "#shared/store/environments";
import { present, type Store } from "#shared/store/store";

/** Live keys of one owner: so many can be shut in one commit. */
const keysMax = 200;
const requestKeptMs = 86_400_000;

export interface KeyAsked {
  /** Of the request's Idempotency-Key; null without one. */
  readonly requestId: string | null;
  readonly environmentIds?: readonly string[] | null | undefined;
}

/**
 * What must hold before a key is made. A request that is repeated is refused, since what it was
 * answered is kept nowhere.
 * @throws {ApiError} `NOT_FOUND` for an environment, `KEYS_FULL`, or `KEY_SHOWN_ALREADY`.
 */
export async function readForKey(
  store: Store,
  owner: Owner,
  asked: KeyAsked,
): Promise<{ readonly note: (keyId: string, now: number) => readonly Write[] }> {
  const requestRef = asked.requestId === null ? null : keyRequests.of(owner, asked.requestId);
  const [earlier, live] = await Promise.all([
    requestRef && store.get(requestRef),
    store.page(apiKeys.all(), {
      where: [
        ["ownerId", owner.id],
        ["revokedAt", null],
      ],
      orderBy: [],
      limit: 1,
      offset: 0,
    }),
    requireEnvironments(store, owner, asked.environmentIds ?? []),
  ]);
  if (earlier?.value) {
    throw new ApiError("KEY_SHOWN_ALREADY", { details: { id: earlier.value.keyId } });
  }
  if (live.total >= keysMax) throw new ApiError("KEYS_FULL", { details: { limit: keysMax } });
  return {
    note: (keyId, now) =>
      requestRef === null
        ? []
        : [create(requestRef, { v: 1, keyId, expireAt: new Date(now + requestKeptMs) })],
  };
}

/** An id in a body is the owner's own or doesn't exist, exactly as one in a path. */
async function requireEnvironments(
  store: Store,
  owner: Owner,
  ids: readonly string[],
): Promise<void> {
  if (ids.length === 0) return;
  const found = await store.getAll(...ids.map((id) => environments.of(owner, id)));
  for (const environment of found) present(environment);
}
