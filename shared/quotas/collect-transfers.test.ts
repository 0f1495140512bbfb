import { describe, expect, test } from "vitest";
import { MemoryStore } from "../../test/kit/memory-store.ts";
import { dayMs } from "../core/retention/periods.ts";
import type { StoredObject } from "../google/objects.ts";
import { mintOwner } from "../identity/owner.ts";
import { create, remove } from "../store/documents.ts";
import { type Transfer, transfers } from "../store/transfers.ts";
import {
  signedCopyUsageId,
  signedCopyUsages,
  storageUsageId,
  storageUsages,
} from "../store/usage.ts";
import { collectTransfers, type TransferSweep } from "./collect-transfers.ts";
import { reserveTransfer } from "./reserve-transfer.ts";

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

async function newAccount(changes: readonly Partial<Transfer>[], { hasEnvironment = false } = {}) {
  const store = new MemoryStore();
  const bucket = new Bucket();
  const all = changes.map((change, index): Transfer => {
    const place = { id: `upl_${index}`, environmentId: "env_1", path: "a", sizeBytes };
    const times = {
      createdAt: startMs,
      endsAt: startMs + dayMs,
      completedAt: null,
      readingCount: 0,
    };
    const state = { state: "open", isCounted: true, sha256: null } as const;
    const expireAt = new Date(startMs + 8 * dayMs);
    return { v: 1, kind: "upload", ...place, ...times, ...state, expireAt, ...change };
  });
  const usage = { v: 1, kind: "storage", ownerId: owner.id, sweepAt: null } as const;
  const none = { bytes: 0, objects: 0 };
  await store.commit([create(storageUsages.of(owner, storageUsageId), { ...usage, ...none })]);
  // A process that dies after this has done nothing else.
  const deps = { store, now: () => startMs };
  for (const transfer of all) await reserveTransfer(deps, owner, transfer);
  const sweep = async (isFrozen = false) =>
    await collectTransfers(
      {
        store: { ...bound(store), ...(hasEnvironment ? withEnvironment(store) : {}) },
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
  const copied = async () =>
    (await store.get(signedCopyUsages.of(owner, signedCopyUsageId))).value ?? none;
  return { store, bucket, sweep, counted, copied };
}

/** Any environment is there; nothing else of it is looked at. */
const withEnvironment = (store: MemoryStore): Pick<TransferSweep["store"], "get"> => ({
  get: async (ref) => {
    const found = await store.get(ref);
    return ref.path.includes("/environments/") ? { ...found, value: Object() } : found;
  },
});

const bound = (store: MemoryStore) => ({
  findPaths: async () => [],
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

const ended = { id: "dnl_0", kind: "download", endsAt: startMs } as const;

describe("TEN-2 a copy for signed addresses", () => {
  test("goes without leaving anything, and never counts as stored", async () => {
    const { bucket, sweep, counted, copied } = await newAccount([ended]);
    bucket.put("dnl_0", sizeBytes, null);
    expect([await counted(), await copied()]).toMatchObject([0, { bytes: sizeBytes, objects: 1 }]);
    expect(await sweep()).toMatchObject({ deleted: 1, bytes: 0, objects: 0 });
    expect([await counted(), await copied(), bucket.objects.size]).toMatchObject([
      0,
      { bytes: 0, objects: 0 },
      0,
    ]);
  });

  test("of an empty file isn't taken for the place of an upload", async () => {
    const { bucket, sweep } = await newAccount([{ ...ended, endsAt: startMs + 1, sizeBytes: 0 }], {
      hasEnvironment: true,
    });
    bucket.put("dnl_0", 0, null);
    await sweep();
    expect(bucket.objects.size).toBe(1);
    bucket.nowMs += 1;
    expect(await sweep()).toMatchObject({ deleted: 1 });
    expect(bucket.objects.size).toBe(0);
  });

  test("that no document names any more is corrected", async () => {
    const { store, sweep, copied } = await newAccount([ended, { ...ended, id: "dnl_1" }]);
    // The database has deleted it for its age, before a sweep came.
    await store.commit([remove(transfers.of(owner, "dnl_0"), null)]);
    await sweep();
    expect(await copied()).toMatchObject({ bytes: sizeBytes, objects: 1 });
    await sweep();
    expect(await copied()).toMatchObject({ bytes: 0, objects: 0 });
  });
});

test.each(["upload", "download"] as const)(
  "TEN-2 an %s whose process died is counted until it ends, and then no more",
  async (kind) => {
    const change = { id: kind === "upload" ? "upl_0" : "dnl_0", kind, endsAt: startMs + 1 };
    const { bucket, sweep, counted, copied } = await newAccount([change], { hasEnvironment: true });
    const all = async () => (await counted()) + (await copied()).bytes;
    bucket.put(change.id, sizeBytes, null);
    await sweep();
    expect([await all(), bucket.bytes]).toEqual([sizeBytes, sizeBytes]);
    bucket.nowMs += 1;
    await sweep();
    expect([await all(), bucket.bytes]).toEqual([0, 0]);
  },
);
