import * as z from "zod";
import { scopes } from "../core/scopes.ts";
import type { ApiKey } from "../store/api-keys.ts";
import { fromJsonText, iso, isoOrNull, Metadata } from "./common.ts";

const daysMax = 3_650;

export const KeyCreate = z.object({
  name: z.string().trim().min(1).max(200),
  description: z.string().max(2_000).nullish(),
  /** In days. */
  expiresIn: z.number().positive().max(daysMax).nullish(),
  /** Left out: what the maker may do. */
  scopes: z.array(z.enum(scopes)).min(1).max(scopes.length).optional(),
  metadata: Metadata,
});

export const KeyRecord = z.object({
  id: z.string(),
  keyPrefix: z.string(),
  keyType: z.literal("standard"),
  name: z.string(),
  description: z.string().nullable(),
  userId: z.string(),
  createdAt: z.string(),
  lastUsedAt: z.string().nullable(),
  expiresAt: z.string().nullable(),
  revokedAt: z.string().nullable(),
  isActive: z.boolean(),
  scopes: z.array(z.string()),
  metadata: z.unknown(),
});

export const KeyCreated = KeyRecord.extend({ key: z.string(), warning: z.string() });

export const keyWarning = "Store this key now: it is shown once and can't be read again.";

export function keyRecord(key: ApiKey, now: number): z.input<typeof KeyRecord> {
  return {
    id: key.id,
    keyPrefix: key.prefix,
    keyType: "standard",
    name: key.name,
    description: key.description,
    userId: key.ownerId,
    createdAt: iso(key.createdAt),
    lastUsedAt: null,
    expiresAt: isoOrNull(key.expiresAt),
    revokedAt: isoOrNull(key.revokedAt),
    isActive: key.revokedAt === null && (key.expiresAt === null || key.expiresAt > now),
    scopes: [...key.scopes],
    metadata: fromJsonText(key.metadataJson),
  };
}
