import * as z from "zod";
import { KeyNetworks } from "../core/keys/key-networks.ts";
import { scopes } from "../core/keys/scopes.ts";
import { ownedCollection, smallDocuments, systemCollection } from "./documents.ts";

const microusdOrNull = z.int().min(0).nullable().default(null);

/**
 * An API key; its document id is the SHA-256 of the key. Version 2 added bounds. A release that
 * knew only version 1 would ignore them, so it mustn't accept the document.
 */
export const ApiKey = z.object({
  v: z.literal([1, 2]),
  id: z.string(),
  ownerId: z.string(),
  ownerState: z.enum(["active", "suspended"]),
  /**
   * The containment that holds the key, whose `ownerState` is then `suspended` as well, so that
   * releases before this one refuse it, too.
   */
  containedBy: z.string().nullable().default(null),
  mode: z.enum(["production", "development"]),
  name: z.string(),
  description: z.string().nullable(),
  /** The first characters, which tell keys apart in a list. */
  prefix: z.string(),
  scopes: z.array(z.enum(scopes)),
  /**
   * The environments that the key may use; null for all. This and the next three fields bound the
   * key.
   */
  environmentIds: z.array(z.string()).min(1).nullable().default(null),
  /** Canonical CIDR notation, IPv4 and IPv6. */
  addressRanges: z.array(z.string()).min(1).nullable().default(null),
  executionCostMaxMicrousd: microusdOrNull,
  dayCostMaxMicrousd: microusdOrNull,
  /** The pepper that its checksum was made with; null for a key of version 1. */
  pepperId: z.string().nullable().default(null),
  /** The public half of the owner's audit key, so that sealing details needs no read. */
  auditPublicKey: z.string(),
  createdBy: z.string(),
  createdAt: z.int(),
  expiresAt: z.int().nullable(),
  revokedAt: z.int().nullable(),
  deletedAt: z.int().nullable().default(null),
  /**
   * When maintenance must handle the key: to close it once it has expired, or to stop its
   * executions if the closing process died. Null if nothing remains to be done.
   */
  dueAt: z.int().nullable().default(null),
  /**
   * The oldest key that it was rotated from; null if it is the first. Spending and
   * starts are counted per lineage.
   */
  lineageId: z.string().nullable().default(null),
  /** The key that a rotation replaced it with. */
  replacedBy: z.string().nullable().default(null),
  /** See `shared/core/keys/turn-path.ts`. */
  turnNodes: z.array(z.object({ id: z.string(), at: z.int() })).default([]),
  /** Written at most once in ten minutes. */
  lastUsedAt: z.int().nullable().default(null),
  lastUsedIp: z.string().nullable().default(null),
  /** The networks that it was used from; null before its first use. */
  networks: KeyNetworks.nullable().default(null),
  metadataJson: z.string(),
});
export type ApiKey = z.infer<typeof ApiKey>;

/** The id under which a key's spending and starts are counted. Rotation doesn't change it. */
export function lineageOf({ id, lineageId }: Pick<ApiKey, "id" | "lineageId">): string {
  return lineageId ?? id;
}

/** What rows of a key's uses say of its rotations, so that detectors count it with those before. */
export function lineageFact({ lineageId }: Pick<ApiKey, "lineageId">) {
  return lineageId === null ? {} : { lineageId };
}

export const apiKeys = systemCollection("apiKeys", ApiKey, smallDocuments);

/**
 * Remembers which API key a request with an Idempotency-Key made. The id is derived from that
 * header and its space. The API key's text is stored nowhere.
 */
const KeyRequest = z.object({ v: z.literal(1), keyId: z.string(), expireAt: z.date() });
export const keyRequests = ownedCollection(["keyRequests"], KeyRequest);
