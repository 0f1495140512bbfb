/**
 * Records when, from where and from which networks a key was used (AUD-1). It is called after the
 * answer, so no request waits for it.
 */
import { networkDigest, withNetwork } from "../core/keys/key-networks.ts";
import { mintOwner } from "../identity/owner.ts";
import { announceNetwork } from "../owners/announce-network.ts";
import { sealAuditDetails } from "../secrets/audit-details.ts";
import { type ApiKey, type apiKeys, lineageFact } from "../store/api-keys.ts";
import { auditEntry } from "../store/audit-rows.ts";
import { patch, type Ref, type Version } from "../store/documents.ts";
import type { Store } from "../store/store.ts";
import type { KeyClient } from "./key-client.ts";

/** The precision of `lastUsedAt`; it saves a write per request. */
const useNotedEveryMs = 10 * 60_000;

/** A key's document as it was read, and the text that was sent. */
export interface UsedKey {
  readonly text: string;
  readonly ref: Ref<typeof apiKeys.schema>;
  readonly key: ApiKey;
  readonly version: Version;
}

/** What has to be written of a use. */
export interface RecordableUse {
  readonly fields: Partial<ApiKey>;
  /** The digest of a network that isn't recorded yet; null if the network is known. */
  readonly unrecorded: string | null;
  /** Null unless the key is used from a network that is new for it. */
  readonly newNetwork: { readonly digest: string; readonly knownBefore: number } | null;
}

/** Null if nothing has to be written, as after most requests. */
export function recordableUse(
  { text, key }: Pick<UsedKey, "text" | "key">,
  { address, now }: { readonly address: string; readonly now: number },
): RecordableUse | null {
  const digest = networkDigest(text, address);
  const known = key.networks ?? lastNetwork(text, key);
  const next = withNetwork(known, { digest, now });
  const isDue = now - (key.lastUsedAt ?? 0) >= useNotedEveryMs;
  if (!next && !isDue) return null;
  const used = { lastUsedAt: now, lastUsedIp: address };
  const newNetwork = next?.isNew ? { digest, knownBefore: known?.digests.length ?? 0 } : null;
  const fields = next ? { ...used, networks: next.networks } : used;
  return { fields, unrecorded: next ? digest : null, newNetwork };
}

/** Releases before this one recorded the last address only. */
function lastNetwork(text: string, { lastUsedIp }: ApiKey) {
  if (lastUsedIp === null) return null;
  return { digests: [networkDigest(text, lastUsedIp)], day: 0, newThatDay: 0 };
}

interface Recording {
  readonly store: Pick<Store, "commitWithoutRetry">;
  readonly rowId: string;
  readonly now: number;
}

/**
 * Commits a use, with an audit row if its network is new. It fails if the key's document has
 * changed since it was read, so of several instances one writes the row.
 */
export async function recordKeyUse(
  { store, rowId, now }: Recording,
  used: UsedKey,
  { use, client }: { readonly use: RecordableUse; readonly client: KeyClient },
): Promise<void> {
  const { key, ref, version } = used;
  const write = patch(ref, use.fields, { version });
  if (!use.newNetwork) {
    await store.commitWithoutRetry([write]);
    return;
  }
  const owner = mintOwner(key.ownerId, key.mode);
  const { address, userAgent, requestId } = client;
  const place = { ownerId: owner.id, rowId, publicKey: key.auditPublicKey };
  const { digest: network, knownBefore } = use.newNetwork;
  const row = auditEntry(owner, {
    id: rowId,
    at: now,
    actor: { type: "key", id: key.id },
    action: "key.new_network",
    subject: key.id,
    requestId,
    facts: { network, knownBefore, ...lineageFact(key) },
    sealedDetails: await sealAuditDetails(place, { address, userAgent }),
  });
  await store.commitWithoutRetry([write, row]);
  announceNetwork(key);
}
