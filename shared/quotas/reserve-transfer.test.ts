import { describe, expect, test } from "vitest";
import { MemoryStore } from "../../test/kit/memory-store.ts";
import { DeploymentLimits } from "../core/limits/deployment-limits.ts";
import { mintOwner } from "../identity/owner.ts";
import { patch } from "../store/documents.ts";
import { type Transfer, transfers } from "../store/transfers.ts";
import {
  signedCopyUsageId,
  signedCopyUsages,
  storageUsageId,
  storageUsages,
} from "../store/usage.ts";
import { releaseStored, releaseTransfer, reserveTransfer } from "./reserve-transfer.ts";

const owner = mintOwner(`user_${"a".repeat(21)}`, "development");
const now = 1_760_000_000_000;
const { quotas } = DeploymentLimits.parse({
  quotas: { storedBytesMax: 100, storedObjectsMax: 4, signedCopyBytesMax: 50 },
});
const full = expect.objectContaining({ code: "QUOTA_REACHED", status: 422 });

function newAccount() {
  const store = new MemoryStore();
  const deps = { store, now: () => now };
  let made = 0;
  const reserve = async (kind: Transfer["kind"], sizeBytes: number) => {
    made += 1;
    const what = { id: `${kind}${made}`, kind, environmentId: "env_1", path: "a", sizeBytes };
    const times = {
      createdAt: now,
      endsAt: now + 1,
      completedAt: null,
      readingCount: 0,
      expireAt: new Date(now),
    };
    const state = { state: "open", isCounted: true, sha256: null } as const;
    return await reserveTransfer(deps, owner, { v: 1, ...what, ...state, ...times }, quotas);
  };
  const amount = (value: { bytes: number; objects: number } | null) => [
    value?.bytes ?? 0,
    value?.objects ?? 0,
  ];
  const stored = async () =>
    amount((await store.get(storageUsages.of(owner, storageUsageId))).value);
  const copied = async () =>
    amount((await store.get(signedCopyUsages.of(owner, signedCopyUsageId))).value);
  const known = async () =>
    (await store.findAll(transfers.all(owner), { where: [], limit: 99 })).length;
  return { store, reserve, stored, copied, known };
}

describe("TEN-2 a large file on its way", () => {
  test("is counted, and a sweep is due, before anything is stored", async () => {
    const { store, reserve, stored } = newAccount();
    await reserve("upload", 60);
    expect(await stored()).toEqual([60, 1]);
    const { value } = await store.get(storageUsages.of(owner, storageUsageId));
    expect(value?.sweepAt).toBe(now + quotas.unreferencedMs);
  });

  test("that is an upload isn't taken beyond the quota, and leaves nothing then", async () => {
    const { reserve, stored, known } = newAccount();
    await reserve("upload", 60);
    await expect(reserve("upload", 41)).rejects.toEqual(full);
    expect([await stored(), await known()]).toEqual([[60, 1], 1]);
    await reserve("upload", 40);
    expect(await stored()).toEqual([100, 2]);
  });

  test("that is a copy takes its own share, and nothing of what may be stored", async () => {
    const { reserve, stored, copied, known } = newAccount();
    for (let copies = 0; copies < 10; copies += 1) await reserve("download", 0);
    await reserve("download", 50);
    await expect(reserve("download", 1)).rejects.toEqual(full);
    expect([await stored(), await copied(), await known()]).toEqual([[0, 0], [50, 11], 11]);
    await reserve("upload", 100);
  });

  test("isn't taken beyond a quota by concurrent requests", async () => {
    for (const kind of ["upload", "download"] as const) {
      const { reserve, stored, copied, known } = newAccount();
      await reserve(kind, 0);
      const tries = Array.from({ length: 20 }, async () => await reserve(kind, 30));
      const granted = (await Promise.allSettled(tries)).filter(
        ({ status }) => status === "fulfilled",
      ).length;
      const counted = kind === "upload" ? await stored() : await copied();
      expect(counted).toEqual([30 * granted, 1 + granted]);
      expect(counted[0]).toBeLessThanOrEqual(kind === "upload" ? 100 : 50);
      expect(await known()).toBe(1 + granted);
    }
  });

  test("is taken back once, however often its request fails", async () => {
    const { store, reserve, stored, known } = newAccount();
    await reserve("upload", 10);
    const reserved = await reserve("upload", 60);
    await releaseTransfer(store, owner, reserved);
    await releaseTransfer(store, owner, reserved);
    expect([await stored(), await known()]).toEqual([[10, 1], 1]);
  });

  test("stays if its request was answered although its failure was reported", async () => {
    const { store, reserve, stored, copied } = newAccount();
    for (const kind of ["upload", "download"] as const) {
      const reserved = await reserve(kind, 30);
      await store.commit([patch(reserved.ref, { sha256: "a" }, { version: reserved.version })]);
      await releaseTransfer(store, owner, reserved);
      const removeObject = () => Promise.reject(new Error("its address was given out"));
      await releaseStored(store, owner, { reserved, removeObject });
    }
    expect([await stored(), await copied()]).toEqual([
      [30, 1],
      [30, 1],
    ]);
  });

  test("counts until its object is gone, and then no more", async () => {
    const { store, reserve, copied, known } = newAccount();
    const lasting = await reserve("download", 30);
    const failing = () => Promise.reject(new Error("unavailable"));
    const release = releaseStored(store, owner, { reserved: lasting, removeObject: failing });
    await expect(release).rejects.toThrow("unavailable");
    // It is left to the sweep, which finds it ended.
    const { value } = await store.get(lasting.ref);
    expect([value?.state, value?.isCounted, await copied()]).toEqual(["cancelled", true, [30, 1]]);
    const reserved = await reserve("download", 20);
    let before: number[] = [];
    const removeObject = async () => {
      before = await copied();
    };
    await releaseStored(store, owner, { reserved, removeObject });
    expect([before, await copied(), await known()]).toEqual([[50, 2], [30, 1], 1]);
  });
});
