import { isSameNetwork } from "../core/network/address-range.ts";
import type { ApiKey } from "../store/api-keys.ts";

/**
 * One structured line when a key is used from another network than when its use was last noted, for
 * an alert policy to match `jsonPayload.event="key.new_network"`. The address itself stands in the
 * request's own line.
 *
 * @param key as it was before this use was noted; one that was never used has no network yet
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
