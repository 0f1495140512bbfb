import { isSameNetwork } from "../core/network/address-range.ts";
import type { ApiKey } from "../store/api-keys.ts";

/**
 * Logs one structured line when a key is used from another network than at its last recorded use;
 * an alert policy matches `jsonPayload.event="key.new_network"`. The request's own line has the
 * address.
 *
 * @param key before this use was recorded; a key that was never used has no network yet
 */
export function announceNetwork(key: ApiKey, address: string): void {
  const { id: keyId, ownerId, lastUsedIp, lastUsedAt } = key;
  if (lastUsedIp === null || isSameNetwork(lastUsedIp, address)) return;
  const line = {
    severity: "NOTICE",
    message: "a key is used from another network than before",
    event: "key.new_network",
    keyId,
    ownerId,
    lastUsedAt: lastUsedAt === null ? null : new Date(lastUsedAt).toISOString(),
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
