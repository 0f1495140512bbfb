import { peppers } from "../config.ts";
import { composeKey, hashKey, shownPrefix } from "../core/keys/api-key.ts";
import { exceeded, type KeyBounds } from "../core/keys/key-bounds.ts";
import { type KeyNetworks, networksAfter } from "../core/keys/key-networks.ts";
import { type TurnNode, turnNodesOf } from "../core/keys/turn-path.ts";
import { ApiError } from "../errors/api-error.ts";
import { type ApiKey, apiKeys } from "../store/api-keys.ts";
import { create, type Write } from "../store/documents.ts";
import type { OwnerProfile } from "../store/owners.ts";

export interface NewKey {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly bounds: KeyBounds;
  readonly metadataJson: string;
  readonly createdBy: string;
  readonly createdAt: number;
  /** The lineage of the key that this one replaces. */
  readonly lineageId?: string;
  /** Absent if an operator makes it. */
  readonly turnNodes?: readonly TurnNode[];
  readonly random: Buffer;
  /**
   * For a key that replaces the one that asked for it: from where, and that one's networks. Its
   * first use from elsewhere is one from a new network then, like one of the key before it.
   */
  readonly usedFrom?: { readonly address: string; readonly before: KeyNetworks | null };
  /** Suspended only for a key that an operator makes, which works once the account is resumed. */
  readonly ownerState?: OwnerProfile["state"];
}

/** A new key of `owner`: the text to show once, the stored form, and the write that stores it. */
export function issueKey(
  owner: Pick<OwnerProfile, "id" | "mode" | "auditPublicKey">,
  request: NewKey,
): { readonly text: string; readonly key: ApiKey; readonly write: Write } {
  const { keys, current } = peppers();
  const pepper = keys[current];
  if (!pepper) throw new Error("the current pepper is missing");
  const text = composeKey(owner.mode, request.random, pepper);
  const { random: _random, usedFrom, bounds, lineageId = null, turnNodes, ...stated } = request;
  const { expiresAt, executionCostMaxMicrousd, dayCostMaxMicrousd } = bounds;
  const copy = (list: readonly string[] | null) => (list === null ? null : [...list]);
  const key: ApiKey = {
    v: 2,
    ...stated,
    scopes: [...bounds.scopes],
    environmentIds: copy(bounds.environmentIds),
    addressRanges: copy(bounds.addressRanges),
    expiresAt,
    executionCostMaxMicrousd,
    dayCostMaxMicrousd,
    lineageId,
    turnNodes: [...(turnNodes ?? turnNodesOf({ id: request.id, at: request.createdAt }, null))],
    ownerId: owner.id,
    // No other key is made for a suspended account; the same commit checks that.
    ownerState: request.ownerState ?? "active",
    containedBy: null,
    mode: owner.mode,
    prefix: shownPrefix(text),
    pepperId: current,
    auditPublicKey: owner.auditPublicKey,
    revokedAt: null,
    deletedAt: null,
    dueAt: expiresAt,
    replacedBy: null,
    lastUsedAt: null,
    lastUsedIp: null,
    networks: usedFrom ? networksAfter(text, { ...usedFrom, now: request.createdAt }) : null,
  };
  return { text, key, write: create(apiKeys.doc(hashKey(text)), key) };
}

/** The fields of a key that issuing another one needs. */
export function ownerOfKey(key: ApiKey) {
  const { ownerId: id, mode, auditPublicKey } = key;
  return { id, mode, auditPublicKey };
}

const boundNames: Readonly<Record<keyof KeyBounds, string>> = {
  scopes: "scopes",
  expiresAt: "expiresIn",
  environmentIds: "environmentIds",
  addressRanges: "addressRanges",
  executionCostMaxMicrousd: "maxCostPerExecution",
  dayCostMaxMicrousd: "maxCostPerDay",
};

/** @throws {ApiError} `FORBIDDEN`, naming the bound in which a new key would exceed its maker. */
export function requireWithin(bounds: KeyBounds, maker: KeyBounds): void {
  const bound = exceeded(bounds, maker);
  if (bound === null) return;
  const message =
    bound === "dayCostMaxMicrousd"
      ? "A key with a ceiling per day can't make another: together they would spend more."
      : "A key can't make one that may do more than itself.";
  const details = { bound: boundNames[bound], [boundNames[bound]]: maker[bound] };
  throw new ApiError("FORBIDDEN", { message, details, authentication: { reason: "bounds" } });
}
