import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { MemoryStore } from "../../test/kit/memory-store.ts";
import { DeploymentLimits } from "../core/limits/deployment-limits.ts";
import { StorageRefusal, storageFailure } from "../google/bucket.ts";
import { mintOwner } from "../identity/owner.ts";
import { storageUsageId, storageUsages } from "../store/usage.ts";
import { storeObject } from "./store-object.ts";

const owner = mintOwner(`user_${"a".repeat(21)}`, "development");
const bytesMax = 100;
const now = 1_760_000_000_000;
const { quotas } = DeploymentLimits.parse({
  quotas: { storedBytesMax: bytesMax, storedObjectsMax: 4 },
});

/** A bucket in memory, and its usage count. */
function newBucket() {
  const store = new MemoryStore();
  const stored = new Map<string, number>();
  const put = async (_owner: unknown, _kind: unknown, bytes: Buffer) => {
    await Promise.resolve();
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const isNew = !stored.has(sha256);
    stored.set(sha256, bytes.length);
    return { sha256, isNew };
  };
  const deps = { store, now: () => now };
  const saveBy = async (failing: () => Promise<never>) =>
    await storeObject(
      deps,
      owner,
      { kind: "packs", bytes: Buffer.from("lost") },
      { put: failing, quotas },
    );
  const save = async (text: string) =>
    await storeObject(deps, owner, { kind: "packs", bytes: Buffer.from(text) }, { put, quotas });
  const total = () => [...stored.values()].reduce((sum, bytes) => sum + bytes, 0);
  const usage = async () => (await store.get(storageUsages.of(owner, storageUsageId))).value;
  return { save, saveBy, stored, total, usage };
}

const full = expect.objectContaining({ code: "QUOTA_REACHED", status: 422 });

describe("TEN-2 storeObject()", () => {
  test("counts each object once, however often it is stored", async () => {
    const { save, usage } = newBucket();
    await save("hello");
    await save("hello");
    await save("world!");
    expect(await usage()).toMatchObject({ bytes: 11, objects: 2 });
  });

  test("has unreferenced objects looked for, by the request's clock", async () => {
    const { save, usage } = newBucket();
    await save("hello");
    expect(await usage()).toMatchObject({ sweepAt: now + quotas.unreferencedMs });
  });

  test("stores nothing beyond the quota, and counts nothing that it refused", async () => {
    const { save, stored, usage } = newBucket();
    await save("a".repeat(90));
    await expect(save("b".repeat(11))).rejects.toEqual(full);
    expect(await usage()).toMatchObject({ bytes: 90, objects: 1 });
    await save("c".repeat(10));
    expect(stored.size).toBe(2);
  });

  test("bounds how many objects there are, whatever their size", async () => {
    const { save } = newBucket();
    for (const text of ["a", "b", "c", "d"]) await save(text);
    await expect(save("e")).rejects.toEqual(full);
  });

  test("counts nothing that the bucket has refused for good", async () => {
    const { save, saveBy, usage } = newBucket();
    await save("a");
    const refused = new StorageRefusal("Cloud Storage refused with status 403");
    for (let tries = 0; tries < 9; tries += 1) {
      await expect(saveBy(() => Promise.reject(refused))).rejects.toBe(refused);
    }
    expect(await usage()).toMatchObject({ bytes: 1, objects: 1 });
  });

  test("counts what may be stored although its answer was lost", async () => {
    const { saveBy, usage } = newBucket();
    const lost = storageFailure(new Error("no answer"));
    await expect(saveBy(() => Promise.reject(lost))).rejects.toBe(lost);
    expect(await usage()).toMatchObject({ bytes: 4, objects: 1, sweepAt: expect.any(Number) });
  });

  test("isn't exceeded by concurrent requests", async () => {
    const { save, total, usage } = newBucket();
    const texts = Array.from({ length: 40 }, (_, index) => String(index).padEnd(40, "."));
    const outcomes = await Promise.allSettled(texts.map(save));
    expect(total()).toBeLessThanOrEqual(bytesMax);
    expect((await usage())?.bytes).toBe(total());
    for (const outcome of outcomes) {
      if (outcome.status === "rejected") expect(outcome.reason).toEqual(full);
    }
  });
});
