/**
 * The key with which something acts later that nobody sends a key for: a schedule, a trigger. It
 * may never do more than that key may, and nothing once the key was revoked (KEY-5).
 */

import { keyRefusal } from "../core/keys/key-refusal.ts";
import type { Scope } from "../core/keys/scopes.ts";
import { ApiError } from "../errors/api-error.ts";
import { mintOwner, type Owner } from "../identity/owner.ts";
import type { ApiKey } from "../store/api-keys.ts";
import type { ReadStore } from "../store/store.ts";
import { findAnyKey } from "./find-any-key.ts";
import { gaveWay } from "./gave-way.ts";
import { requireKeyScope } from "./require-key-scope.ts";

/** The scopes without which a key starts nothing in a new thread. */
export const startScopes = ["execute", "threads:write"] as const;

/**
 * How many rotations are followed at once; each lasts at least a request. There may be so many
 * since what acts has acted last.
 */
const rotationsMax = 200;

export interface ActingKey {
  readonly key: ApiKey;
  /** What the key may see. */
  readonly owner: Owner;
  /** Where the search may begin next time: all keys before it have ended by their rotation. */
  readonly fromKeyId: string;
}

/**
 * The key, or the one that it was rotated to. One that was revoked before its time isn't replaced:
 * nothing acts in its place.
 * @returns Null if there is none any more that could act, and `held` if it can't act just now,
 *   because its account is suspended or an incident holds it.
 */
export async function findActingKey(
  store: ReadStore,
  which: { readonly ownerId: string; readonly keyId: string },
  now: number,
): Promise<ActingKey | "held" | null> {
  let { keyId, keyId: fromKeyId } = which;
  for (let rotations = 0; rotations < rotationsMax; rotations += 1) {
    const key = await read(store, which.ownerId, keyId);
    if (key === null || wasRevoked(key)) return null;
    if (key.replacedBy !== null) {
      // Until its time is over it may still be revoked, and then nothing acts in its place.
      if (keyId === fromKeyId && hasExpired(key, now)) fromKeyId = key.replacedBy;
      keyId = key.replacedBy;
      continue;
    }
    // It was used from an address that its bounds allow when it made what acts now.
    const shown = { mode: key.mode, address: "" };
    const refusal = keyRefusal({ ...key, addressRanges: null }, shown, now);
    if (refusal === null) {
      return { key, owner: mintOwner(key.ownerId, key.mode, key.environmentIds), fromKeyId };
    }
    return refusal.reason === "contained" || refusal.reason === "suspended" ? "held" : null;
  }
  return null;
}

/** What starts executions later needs the right to start them now. @throws {ApiError} 403. */
export function requireScopes({ scopes }: Pick<ApiKey, "scopes">, needed: readonly Scope[]): void {
  for (const scope of needed) {
    requireKeyScope(scopes, scope, "which is needed to start executions");
  }
}

async function read(store: ReadStore, ownerId: string, keyId: string): Promise<ApiKey | null> {
  try {
    return (await findAnyKey(store, { ownerId, keyId })).value;
  } catch (cause) {
    if (cause instanceof ApiError && cause.code === "NOT_FOUND") return null;
    throw cause;
  }
}

function hasExpired({ expiresAt }: ApiKey, now: number): boolean {
  return expiresAt !== null && expiresAt <= now;
}

/** A rotation closes a key at its expiry; who revokes one does so before. */
function wasRevoked(key: ApiKey): boolean {
  return key.revokedAt !== null && !gaveWay(key, key.revokedAt);
}
