import type { ApiKey } from "../store/api-keys.ts";

/**
 * Logs one structured line when a key is used from a network that is new for it; an alert policy
 * matches `jsonPayload.event="key.new_network"`. The request's own line has the address.
 *
 * @param key before this use was recorded
 */
export function announceNetwork(key: ApiKey): void {
  const { id: keyId, ownerId, lastUsedAt } = key;
  const line = {
    severity: "NOTICE",
    message: "a key is used from a network that is new for it",
    event: "key.new_network",
    keyId,
    ownerId,
    lastUsedAt: lastUsedAt === null ? null : new Date(lastUsedAt).toISOString(),
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
