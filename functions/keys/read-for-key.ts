import { rememberedMs } from "#shared/core/keys/admission";
import { type CountedKeys, keysMax, withOneKeyMore } from "#shared/core/keys/key-count";
import { type Account, inPeriod } from "#shared/core/money/account";
import { expiryOf, isExpired } from "#shared/core/retention/expiry";
import { allInOrder } from "#shared/errors/all-in-order";
import { ApiError } from "#shared/errors/api-error";
import type { Owner } from "#shared/identity/owner";
import { apiKeys, keyRequests } from "#shared/store/api-keys";
import { StaleRead } from "#shared/store/change";
import { createOrReplace, type Write } from "#shared/store/documents";
import { environments } from "#shared/store/environments";
import { accountId, accounts } from "#shared/store/owners";
import type { ReadStore } from "#shared/store/store";

const WithId = environments.schema.pick({ id: true });
/** Each takes 34 bytes of the account's document. No owner needs to close one every second. */
const closedKeysMax = 1_000;

export interface KeyAsked {
  /** The request's Idempotency-Key as an id; null without one. */
  readonly requestId: string | null;
  readonly environmentIds?: readonly string[] | null | undefined;
  /**
   * Whether the read is repeated; then keys are counted, because the account may not know how many.
   */
  readonly repeated: boolean;
  readonly now: number;
}

export interface KeyRead {
  /** The key that an earlier request with the same Idempotency-Key made; null for none. */
  readonly earlierKeyId: string | null;
  readonly note: (keyId: string, now: number) => readonly Write[];
  readonly counted: CountedKeys | null;
}

/**
 * Checks what must hold before a key is made.
 * @throws {ApiError} `NOT_FOUND` for an environment.
 */
export async function readForKey(
  store: ReadStore,
  owner: Owner,
  asked: KeyAsked,
): Promise<KeyRead> {
  const requestRef = asked.requestId === null ? null : keyRequests.of(owner, asked.requestId);
  const [earlier, counted] = await allInOrder([
    requestRef && store.get(requestRef),
    asked.repeated ? countKeys(store, owner) : null,
    requireEnvironments(store, owner, asked.environmentIds ?? []),
  ]);
  return {
    earlierKeyId:
      earlier?.value && !isExpired(earlier.value, asked.now) ? earlier.value.keyId : null,
    counted,
    note: (keyId, now) => {
      if (!earlier) return [];
      const expireAt = expiryOf("keyRequests", now);
      return [createOrReplace(earlier.ref, earlier.version, { v: 1, keyId, expireAt })];
    },
  };
}

/**
 * The account with one more key, in the commit that makes it, so that no two take the last place.
 * @throws {ApiError} `KEYS_FULL`. @throws {StaleRead} if the keys must be counted first.
 */
export function withKey(before: Account, { counted }: KeyRead, now: number): Account {
  // Drops keys that were closed long ago, because closing only adds to the list.
  const account = inPeriod(before, now);
  requireClosable(account);
  const keyCount = withOneKeyMore(account.keyCount, counted);
  if (keyCount === "unknown") throw new StaleRead();
  if (keyCount === "full") throw new ApiError("KEYS_FULL", { details: { limit: keysMax } });
  return { ...account, keyCount, updatedAt: now };
}

/**
 * The account lists recently closed keys. If that list were full, no key could be closed any more,
 * so none is made before.
 */
function requireClosable({ admission }: Account): void {
  const closed = Object.keys(admission.closedKeys).length;
  if (closed < closedKeysMax) return;
  const withinMinutes = rememberedMs / 60_000;
  throw new ApiError("RATE_LIMITED", {
    message: `${closed} keys were closed within ${withinMinutes} minutes; wait before making another.`,
    headers: { "retry-after": `${rememberedMs / 1_000}` },
  });
}

/** Counts in one snapshot with the account, which tells whether any was made since. */
async function countKeys(store: ReadStore, owner: Owner): Promise<CountedKeys> {
  return await store.withSnapshot(async (snapshot) => {
    const { value } = await snapshot.get(accounts.of(owner, accountId));
    const live = await snapshot.count(apiKeys.all(), [
      ["ownerId", owner.id],
      ["revokedAt", null],
    ]);
    return { live, made: value?.keyCount?.made ?? null };
  });
}

/** An id in a body that isn't the owner's is answered like one that doesn't exist, as in a path. */
async function requireEnvironments(
  store: ReadStore,
  owner: Owner,
  ids: readonly string[],
): Promise<void> {
  if (ids.length === 0) return;
  const found = await store.getParts(
    WithId,
    ids.map((id) => environments.of(owner, id)),
  );
  if (found.includes(null)) throw new ApiError("NOT_FOUND");
}
