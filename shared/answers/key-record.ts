import type * as z from "zod";
import { type KeyCreated, type KeyRecord, keyWarning } from "../contract/api-key.ts";
import { fromJsonText, iso, isoOrNull } from "../contract/common.ts";
import { dollars } from "../core/money/pricing.ts";
import type { ApiKey } from "../store/api-keys.ts";

/**
 * An API key as the API shows it: never the key itself.
 * @param known The environments that the asking key is limited to, since it isn't told of others;
 * null if it isn't.
 */
export function keyRecord(
  key: ApiKey,
  now: number,
  known: readonly string[] | null = null,
): z.input<typeof KeyRecord> {
  const environmentIds = key.environmentIds?.filter((id) => known?.includes(id) ?? true) ?? null;
  const isExpired = key.expiresAt !== null && key.expiresAt <= now;
  return {
    id: key.id,
    keyPrefix: key.prefix,
    keyType: "standard",
    name: key.name,
    description: key.description,
    userId: key.ownerId,
    createdBy: key.createdBy,
    createdAt: iso(key.createdAt),
    lastUsedAt: isoOrNull(key.lastUsedAt),
    lastUsedIp: key.lastUsedIp,
    expiresAt: isoOrNull(key.expiresAt),
    revokedAt: isoOrNull(key.revokedAt),
    replacedBy: key.replacedBy,
    isActive: key.revokedAt === null && key.ownerState === "active" && !isExpired,
    scopes: [...key.scopes],
    environmentIds,
    addressRanges: key.addressRanges,
    maxCostPerExecution: dollarsOrNull(key.executionCostMaxMicrousd),
    maxCostPerDay: dollarsOrNull(key.dayCostMaxMicrousd),
    metadata: fromJsonText(key.metadataJson),
  };
}

/** The answer that shows a new key's text, which is never shown again. */
export function keyCreated(
  { key, text }: { readonly key: ApiKey; readonly text: string },
  now: number,
): z.input<typeof KeyCreated> {
  return { ...keyRecord(key, now), key: text, warning: keyWarning };
}

function dollarsOrNull(amountMicrousd: number | null): number | null {
  return amountMicrousd === null ? null : dollars(amountMicrousd);
}
