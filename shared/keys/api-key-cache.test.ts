import { describe, expect, test } from "vitest";
import { MemoryStore } from "../../test/kit/memory-store.ts";
import { hashKey } from "../core/keys/api-key.ts";
import { type ApiKey, apiKeys } from "../store/api-keys.ts";
import { overwrite } from "../store/documents.ts";
import { ApiKeyCache } from "./api-key-cache.ts";

const client = { address: "192.0.2.1", userAgent: "test", requestId: "req_1" };
const shown = { mode: "development", ...client } as const;
const stored = apiKeys.schema.parse({
  ...{ v: 2, id: "key_a", ownerId: "user_a", ownerState: "active", mode: "development" },
  ...{ name: "a", description: null, prefix: "tb_dev_", scopes: ["*"], auditPublicKey: "" },
  ...{ createdBy: "key_a", createdAt: 0, expiresAt: null, revokedAt: null, metadataJson: "null" },
});

/** A cache over a store in memory that counts its reads. */
function newRing() {
  let [nowMs, reads] = [0, 0];
  const store = new MemoryStore();
  const refusals: number[] = [];
  const get: MemoryStore["get"] = async (ref) => {
    reads += 1;
    return await store.get(ref);
  };
  const counting = { get, commitWithoutRetry: store.commitWithoutRetry.bind(store) };
  const ring = new ApiKeyCache(() => counting, {
    now: () => nowMs,
    elapsed: () => nowMs,
    newId: () => "aud_1",
    refused: () => void refusals.push(1),
  });
  return {
    refusals,
    findAgain: async (key: string) => await ring.findAgain(key, shown),
    find: async (key: string) => await (await ring.find(key, shown)).confirmed,
    keep: async (key: string, fields: Partial<ApiKey> = {}) => {
      await store.commit([overwrite(apiKeys.doc(hashKey(key)), { ...stored, ...fields })]);
    },
    pass: (ms: number) => {
      nowMs += ms;
    },
    reads: () => reads,
  };
}

describe("INC-4 a key whose answer is still being sent", () => {
  test.each([
    ["contained", { containedBy: "ctm_a", ownerState: "suspended" }],
    ["revoked", { revokedAt: 1 }],
    ["of a suspended account", { ownerState: "suspended" }],
  ] as const)("may get no more once it is %s, which is no refused use", async (_what, fields) => {
    const { findAgain, keep, pass, refusals } = newRing();
    await keep("key");
    expect(await findAgain("key")).toMatchObject({ id: "key_a" });
    await keep("key", fields);
    pass(1_000);
    expect(await findAgain("key")).toBeNull();
    expect(await findAgain("never stored")).toBeNull();
    expect(refusals).toEqual([]);
  });
});

const refused = expect.objectContaining({ code: "UNAUTHORIZED" });

describe("KEY-3 a key that was refused", () => {
  test("costs one read a minute if it isn't stored, however often it is shown", async () => {
    const { find, pass, reads } = newRing();
    for (let time = 0; time < 300; time += 1) {
      await expect(find("never stored")).rejects.toEqual(refused);
    }
    expect(reads()).toBe(1);
    await expect(find("another")).rejects.toEqual(refused);
    expect(reads()).toBe(2);
    pass(60_000);
    await expect(find("never stored")).rejects.toEqual(refused);
    expect(reads()).toBe(3);
  });

  test("costs no read once it is known to be revoked", async () => {
    const { find, keep, pass, reads } = newRing();
    await keep("key");
    await find("key");
    await keep("key", { revokedAt: 5 });
    pass(1_000);
    await expect(find("key")).rejects.toEqual(refused);
    expect(reads()).toBe(2);
    pass(86_400_000);
    await expect(find("key")).rejects.toEqual(refused);
    expect(reads()).toBe(2);
  });

  test("is looked up again if only its owner was suspended", async () => {
    const { find, keep, pass } = newRing();
    await keep("key", { ownerState: "suspended" });
    await expect(find("key")).rejects.toEqual(refused);
    await keep("key");
    pass(1_000);
    expect(await find("key")).toEqual(stored);
  });
});
