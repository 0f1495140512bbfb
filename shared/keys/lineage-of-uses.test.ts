import { expect, test, vi } from "vitest";
import { MemoryStore } from "../../test/kit/memory-store.ts";
import { mintOwner } from "../identity/owner.ts";
import { newSealingPair } from "../secrets/sealing.ts";
import { ApiKey, apiKeys } from "../store/api-keys.ts";
import { auditRows } from "../store/audit-rows.ts";
import { CommitCoordinator } from "../store/commit-coordinator.ts";
import { create } from "../store/documents.ts";
import { requireFound } from "../store/read-document.ts";
import { recordableUse, recordKeyUse } from "./record-key-use.ts";
import { RefusedKeyUses } from "./refused-key-uses.ts";

const owner = mintOwner(`user_${"a".repeat(21)}`, "development");
const { publicKey: auditPublicKey } = await newSealingPair();
const ref = apiKeys.doc("hash");
const client = { address: "192.0.2.7", userAgent: "test", requestId: "req_1" };
const now = 5;

test.each([
  ["was rotated from another one", "key_first", { lineageId: "key_first" }],
  ["was never rotated", null, {}],
])("INC-1 rows of a key that %s say so", async (_what, lineageId, said) => {
  const key = ApiKey.parse({
    ...{ v: 2, id: "key_b", ownerId: owner.id, ownerState: "active", mode: "development" },
    ...{ name: "a", description: null, prefix: "tb_dev_", scopes: ["*"], auditPublicKey },
    ...{ createdBy: "key_a", createdAt: 0, expiresAt: null, revokedAt: null, lineageId },
    ...{ networks: { digests: ["elsewhere"], day: 0, newThatDay: 0 }, metadataJson: "null" },
  });
  const store = new MemoryStore();
  await store.commit([create(ref, key)]);
  const { version } = requireFound(await store.get(ref));
  const use = recordableUse({ text: "key", key }, { address: client.address, now });
  if (!use) throw new Error("the use isn't recorded");
  const used = { text: "key", ref, key, version };
  await recordKeyUse({ store, rowId: "aud_1", now }, used, { use, client });
  const uses = new RefusedKeyUses(
    {
      ...{ store, now: () => now, newId: () => "aud_2" },
      commits: new CommitCoordinator(store, { random: () => 0 }),
      onFailure: (cause: unknown) => {
        throw cause;
      },
    },
    1,
  );
  uses.add({ text: "key", ref, key, reason: "scope", client });
  const rows = async () => await store.findAll(auditRows.all(owner), { where: [], limit: 9 });
  await vi.waitFor(async () => expect(await rows()).toHaveLength(2), 20_000);
  for (const { value } of await rows()) {
    const { lineageId: named } = value.facts;
    expect(named === undefined ? {} : { lineageId: named }).toEqual(said);
  }
});
