import { describe, expect, test } from "vitest";
import { MemoryStore } from "../../test/kit/memory-store.ts";
import { dayMs } from "../core/retention/periods.ts";
import type { StoredObject } from "../google/objects.ts";
import { mintOwner } from "../identity/owner.ts";
import { create } from "../store/documents.ts";
import { type Transfer, transfers } from "../store/transfers.ts";
import { storageUsageId, storageUsages } from "../store/usage.ts";
import { collectTransfers } from "./collect-transfers.ts";

const owner = mintOwner(`user_${"a".repeat(21)}`, "development");
const startMs = 1_000_000;
const sizeBytes = 5_000;

/** A bucket whose sessions store their bytes as Cloud Storage lets them. */
class Bucket {
  readonly objects = new Map<string, StoredObject>();
  nowMs = startMs;
  #generation = 0;

  /** False if there is another object than the one that must be there. */
  put(id: string, bytes: number, generation: string | null): boolean {
    if ((this.objects.get(id)?.generation ?? null) !== generation) return false;
    this.#generation += 1;
    const stored = { generation: String(this.#generation), storedAt: this.nowMs };
    this.objects.set(id, { kind: "transfers", sha256: id, sizeBytes: bytes, ...stored });
    return true;
  }

  get bytes(): number {
    return [...this.objects.values()].reduce((sum, object) => sum + object.sizeBytes, 0);
  }
}

async function newAccount(changes: readonly Partial<Transfer>[]) {
  const store = new MemoryStore();
  const bucket = new Bucket();
  const all = changes.map((change, index): Transfer => {
    const place = { id: `upl_${index}`, environmentId: "env_1", path: "a", sizeBytes };
    const times = { createdAt: startMs, endsAt: startMs + dayMs, completedAt: null };
    const state = { state: "open", isCounted: true, sha256: null } as const;
    const expireAt = new Date(startMs + 8 * dayMs);
    return { v: 1, kind: "upload", ...place, ...times, ...state, expireAt, ...change };
  });
  const bytes = all.length * sizeBytes;
  const usage = { v: 1, kind: "storage", ownerId: owner.id, sweepAt: null } as const;
  await store.commit([
    ...all.map((transfer) => create(transfers.of(owner, transfer.id), transfer)),
    create(storageUsages.of(owner, storageUsageId), { ...usage, bytes, objects: all.length }),
  ]);
  const sweep = async (isFrozen = false) =>
    await collectTransfers(
      {
        store: { ...bound(store), findPaths: async () => [] },
        now: bucket.nowMs,
        list: async function* () {
          yield [...bucket.objects.values()];
        },
        remove: async ({ sha256 }) => void bucket.objects.delete(sha256),
        close: async (id, generation) => bucket.put(id, 0, generation),
        isLate: () => false,
        isFrozen: async () => isFrozen,
      },
      owner,
    );
  const counted = async () =>
    (await store.get(storageUsages.of(owner, storageUsageId))).value?.bytes ?? 0;
  return { store, bucket, sweep, counted };
}

const bound = (store: MemoryStore) => ({
  get: store.get.bind(store),
  commit: store.commit.bind(store),
  findAll: store.findAll.bind(store),
});

describe("TEN-2 a session of an upload that has ended", () => {
  test.each([
    ["was cancelled before it was sent", { state: "cancelled" }, false],
    ["was cancelled after it was sent", { state: "cancelled" }, true],
    ["expired before it was sent", { endsAt: startMs }, false],
    ["was completed, beside another session", { state: "completed" }, true],
    ["lost its environment", {}, true],
  ] as const)("stores nothing that isn't counted, if it %s", async (_, change, isSent) => {
    const { bucket, sweep, counted } = await newAccount([change]);
    if (isSent) expect(bucket.put("upl_0", sizeBytes, null)).toBe(true);
    expect(await counted()).toBe(sizeBytes);
    await sweep();
    expect([await counted(), bucket.bytes]).toEqual([0, 0]);
    for (const days of [0, 1, 6]) {
      bucket.nowMs += days * dayMs;
      expect(bucket.put("upl_0", sizeBytes, null)).toBe(false);
      expect(await sweep()).toMatchObject({ hasMore: true });
    }
    // No session lives any more, and the place is given back.
    bucket.nowMs += dayMs;
    await sweep();
    expect(bucket.objects.size).toBe(0);
  });

  test("that stored while the sweep ran is counted until the next one", async () => {
    const { bucket, sweep, counted } = await newAccount([{ state: "cancelled" }]);
    const close = bucket.put.bind(bucket);
    bucket.put = (id, bytes, generation) => {
      bucket.put = close;
      close(id, sizeBytes, null);
      return close(id, bytes, generation);
    };
    expect(await sweep()).toMatchObject({ bytes: sizeBytes, objects: 1 });
    expect(await counted()).toBe(bucket.bytes);
    await sweep();
    expect([await counted(), bucket.bytes]).toEqual([0, 0]);
  });

  test("is replaced by nothing while an incident needs what it stored", async () => {
    const { bucket, sweep, counted } = await newAccount([{ state: "cancelled" }]);
    bucket.put("upl_0", sizeBytes, null);
    await sweep(true);
    expect([await counted(), bucket.bytes]).toEqual([sizeBytes, sizeBytes]);
  });
});

test("a download's object goes without leaving anything", async () => {
  const { bucket, sweep, counted } = await newAccount([{ kind: "download", endsAt: startMs }]);
  bucket.put("upl_0", sizeBytes, null);
  expect(await sweep()).toMatchObject({ deleted: 1 });
  expect([await counted(), bucket.objects.size]).toEqual([0, 0]);
});
