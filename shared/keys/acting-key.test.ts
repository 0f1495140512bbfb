import { expect, test } from "vitest";
import { MemoryStore } from "../../test/kit/memory-store.ts";
import { type ApiKey, apiKeys } from "../store/api-keys.ts";
import { create } from "../store/documents.ts";
import { findActingKey } from "./acting-key.ts";

const ownerId = `user_${"a".repeat(21)}`;
const now = 1_000_000;
const first = apiKeys.schema.parse({
  ...{ v: 2, id: "key_0", ownerId, ownerState: "active", mode: "development", name: "a" },
  ...{ description: null, prefix: "tb_dev_", scopes: ["*"], auditPublicKey: "" },
  ...{ createdBy: "key_0", createdAt: 0, expiresAt: null, revokedAt: null, metadataJson: "null" },
});

/** Keys that were rotated one after another; the old ones end at `endOf`. */
async function rotated(count: number, changes: (index: number) => Partial<ApiKey>) {
  const memory = new MemoryStore();
  for (let index = 0; index <= count; index += 1) {
    const key = { ...first, id: `key_${index}`, lineageId: index === 0 ? null : "key_0" };
    const next = index === count ? {} : { replacedBy: `key_${index + 1}`, ...changes(index) };
    await memory.commit([create(apiKeys.doc(`hash_${index}`), { ...key, ...next })]);
  }
  return (keyId: string) => findActingKey(memory as never, { ownerId, keyId }, now);
}

test("AUT-2 what acts with a key goes on after any number of its rotations", async () => {
  const find = await rotated(300, (index) => ({ expiresAt: index, revokedAt: index }));
  // A schedule that has run before the last hundred, and one that has run all the time.
  expect(await find("key_150")).toMatchObject({ key: { id: "key_300" }, fromKeyId: "key_300" });
  let keyId = "key_0";
  for (let index = 1; index < 300; index += 100) {
    const others = await rotated(index, (each) => ({ expiresAt: each, revokedAt: each }));
    keyId = (await acting(others, keyId)).fromKeyId;
    expect(keyId).toBe(`key_${index}`);
  }
  expect(await find(keyId)).toMatchObject({ key: { id: "key_300" } });
});

async function acting(find: Awaited<ReturnType<typeof rotated>>, keyId: string) {
  const found = await find(keyId);
  if (found === null || found === "held") throw new Error("no key acts");
  return found;
}

test("KEY-5 no key is passed over that may still be revoked before its time", async () => {
  const ends = [now - 2, now - 1, now + 1, now - 1];
  const find = await rotated(4, (index) => ({ expiresAt: ends[index] ?? 0 }));
  expect(await find("key_0")).toMatchObject({ key: { id: "key_4" }, fromKeyId: "key_2" });
  const revoked = await rotated(4, (index) => ({
    expiresAt: ends[index] ?? 0,
    revokedAt: index === 2 ? now : null,
  }));
  expect(await revoked("key_2")).toBeNull();
});
