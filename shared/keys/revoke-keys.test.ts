import { expect, test } from "vitest";
import { MemoryStore } from "../../test/kit/memory-store.ts";
import { mintOwner } from "../identity/owner.ts";
import { holdKey } from "../incidents/key-lineage.ts";
import { apiKeys } from "../store/api-keys.ts";
import { create } from "../store/documents.ts";
import { requireFound } from "../store/read-document.ts";
import { clearDue, closeDueKey, closeKey } from "./revoke-keys.ts";

const owner = mintOwner(`user_${"a".repeat(21)}`, "development");
const stored = apiKeys.schema.parse({
  ...{ v: 2, id: "key_a", ownerId: owner.id, ownerState: "active", mode: "development" },
  ...{ name: "a", description: null, prefix: "tb_dev_", scopes: ["*"], auditPublicKey: "" },
  ...{ createdBy: "key_a", createdAt: 0, expiresAt: null, revokedAt: null, metadataJson: "null" },
});
const ref = apiKeys.doc("hash");

/** A key, and a store from which it was erased since it was read. */
async function erased() {
  const before = new MemoryStore();
  await before.commit([create(ref, stored)]);
  return { key: requireFound(await before.get(ref)), store: new MemoryStore() };
}

test("DAT-4 no closing makes a key that was erased with its account", async () => {
  const { key, store } = await erased();
  const missing = { code: 5 };
  const [closing] = closeKey(owner, key, { stop: true, now: 1 });
  for (const write of [closing, holdKey(key, "ctm_a")]) {
    if (!write) throw new Error("no write");
    await expect(store.commit([write])).rejects.toMatchObject(missing);
  }
  await clearDue({ store }, key)();
  expect((await store.get(ref)).version).toBeNull();
});

test("KEY-1 a sweep that finds a key open leaves what a revocation meanwhile makes due", async () => {
  const store = new MemoryStore();
  const open = { ...stored, expiresAt: 9_000, dueAt: 1 };
  await store.commit([create(ref, open)]);
  const due = requireFound(await store.get(ref));
  const submit = async ({ decide }: { decide(): object }) => ({ decision: decide() });
  const deps = { store, commits: { submit }, now: () => 100, newId: () => "audit_a" };
  store.before = async () => {
    store.before = async () => {};
    const [revocation] = closeKey(owner, due, { stop: true, now: 100 });
    if (revocation) await store.commit([revocation]);
  };
  expect(await closeDueKey(deps as never, due)).toBe("stopped");
  expect((await store.get(ref)).value).toMatchObject({ revokedAt: 100, dueAt: 5_100 });
  // Nobody in between: the expiry is what is due next.
  const again = new MemoryStore();
  await again.commit([create(ref, open)]);
  await closeDueKey({ ...deps, store: again } as never, requireFound(await again.get(ref)));
  expect((await again.get(ref)).value).toMatchObject({ revokedAt: null, dueAt: 9_000 });
});
