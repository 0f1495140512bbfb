import { expect, test } from "vitest";
import { apiKeys } from "#shared/store/api-keys";
import { create } from "#shared/store/documents";
import { requireFound } from "#shared/store/read-document";
import { MemoryStore } from "../../test/kit/memory-store.ts";
import { sweepKeys } from "./sweep-keys.ts";

const ref = apiKeys.doc("hash");
const open = apiKeys.schema.parse({
  ...{ v: 2, id: "key_a", ownerId: `user_${"a".repeat(21)}`, ownerState: "active" },
  ...{ mode: "development", name: "a", description: null, prefix: "tb_dev_", scopes: ["*"] },
  ...{ auditPublicKey: "", createdBy: "key_a", createdAt: 0, metadataJson: "null" },
  ...{ expiresAt: 90_000, revokedAt: null, dueAt: 1 },
});

test("a key that is swept while it is open is due at its expiry, and not all the time", async () => {
  const store = new MemoryStore();
  await store.commit([create(ref, open)]);
  const due = requireFound(await store.get(ref));
  const submit = async ({ decide }: { decide(): object }) => ({ decision: decide() });
  const deps = {
    store: Object.assign(store, { findDue: async () => [{ ref, found: due }] }),
    ...{ commits: { submit }, now: () => 100, newId: () => "audit_a" },
  };
  await sweepKeys.perform({ deps } as never);
  expect((await store.get(ref)).value).toMatchObject({ revokedAt: null, dueAt: 90_000 });
});
