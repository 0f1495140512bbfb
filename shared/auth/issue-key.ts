import { peppers } from "../config.ts";
import { composeKey, hashKey, keyRandomBytes, shownPrefix } from "../core/api-key.ts";
import type { Scope } from "../core/scopes.ts";
import { type ApiKey, apiKeys } from "../store/api-keys.ts";
import { create, type Write } from "../store/documents.ts";
import type { OwnerProfile } from "../store/owners.ts";

export interface KeyRequest {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly scopes: readonly Scope[];
  readonly expiresAt: number | null;
  readonly metadataJson: string;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly random: Buffer;
}

export { keyRandomBytes };

/** A new key of `owner`: the text to show once, what is stored, and the write that stores it. */
export function issueKey(
  owner: Pick<OwnerProfile, "id" | "state" | "mode" | "auditPublicKey">,
  request: KeyRequest,
): { readonly text: string; readonly key: ApiKey; readonly write: Write } {
  const { keys, current } = peppers();
  const pepper = keys[current];
  if (!pepper) throw new Error("the current pepper is missing");
  const text = composeKey(owner.mode, request.random, pepper);
  const { random: _random, ...stated } = request;
  const key: ApiKey = {
    v: 2,
    ...stated,
    scopes: [...request.scopes],
    environmentIds: null,
    addressRanges: null,
    executionCostMaxMicrousd: null,
    dayCostMaxMicrousd: null,
    pepperId: current,
    ownerId: owner.id,
    ownerState: owner.state,
    mode: owner.mode,
    prefix: shownPrefix(text),
    auditPublicKey: owner.auditPublicKey,
    revokedAt: null,
    replacedBy: null,
    lastUsedAt: null,
    lastUsedIp: null,
  };
  return { text, key, write: create(apiKeys.doc(hashKey(text)), key) };
}
