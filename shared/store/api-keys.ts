import * as z from "zod";
import { scopes } from "../core/keys/scopes.ts";
import { ownedCollection, systemCollection } from "./documents.ts";

const microusdOrNull = z.int().min(0).nullable().default(null);

/**
 * A key as one read finds it: its document's id is the SHA-256 of the key. Version 2 added bounds:
 * a release that knew only 1 would let such a key do more than it may, so it must not read it.
 */
export const ApiKey = z.object({
  v: z.literal([1, 2]),
  id: z.string(),
  ownerId: z.string(),
  ownerState: z.enum(["active", "suspended"]),
  mode: z.enum(["production", "development"]),
  name: z.string(),
  description: z.string().nullable(),
  /** The first characters, to tell keys apart in a list. */
  prefix: z.string(),
  scopes: z.array(z.enum(scopes)),
  /** What else bounds it; null is no bound of that kind. */
  environmentIds: z.array(z.string()).min(1).nullable().default(null),
  /** In canonical CIDR form, IPv4 and IPv6. */
  addressRanges: z.array(z.string()).min(1).nullable().default(null),
  executionCostMaxMicrousd: microusdOrNull,
  dayCostMaxMicrousd: microusdOrNull,
  /** Which pepper its check was made with; null for a key of version 1. */
  pepperId: z.string().nullable().default(null),
  /** The public half of the owner's audit key, so that sealing details costs no read. */
  auditPublicKey: z.string(),
  createdBy: z.string(),
  createdAt: z.int(),
  expiresAt: z.int().nullable(),
  revokedAt: z.int().nullable(),
  deletedAt: z.int().nullable().default(null),
  /**
   * When maintenance must look at it: to close it when it has expired, or to stop what it runs
   * should whoever closed it have failed to; null if there is nothing left to do.
   */
  dueAt: z.int().nullable().default(null),
  /**
   * The first key of those that it was rotated from; null if it is the first. Whatever is counted
   * of a key is counted of its lineage.
   */
  lineageId: z.string().nullable().default(null),
  /** The key that a rotation put in its place. */
  replacedBy: z.string().nullable().default(null),
  /** Written at most once in ten minutes. */
  lastUsedAt: z.int().nullable().default(null),
  lastUsedIp: z.string().nullable().default(null),
  metadataJson: z.string(),
});
export type ApiKey = z.infer<typeof ApiKey>;

/** Under which id a key's spending and its use of limits are counted: a rotation goes on there. */
export function lineageOf({ id, lineageId }: Pick<ApiKey, "id" | "lineageId">): string {
  return lineageId ?? id;
}

export const apiKeys = systemCollection("apiKeys", ApiKey);

/** That a request with an Idempotency-Key made a key: by an id derived from both. Never the key. */
const KeyRequest = z.object({ v: z.literal(1), keyId: z.string(), expireAt: z.date() });
export const keyRequests = ownedCollection(["keyRequests"], KeyRequest);
