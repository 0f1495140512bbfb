import { hash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { MemoryStore } from "../../test/kit/memory-store.ts";
import { DeploymentLimits } from "../core/limits/deployment-limits.ts";
import type { ObjectKind } from "../core/retention/retention-table.ts";
import type { StoredObject } from "../google/objects.ts";
import { mintOwner } from "../identity/owner.ts";
import { condemnedId, condemnedObjects, storageUsageId, storageUsages } from "../store/usage.ts";
import { collectObjects, type GarbageCollection } from "./collect-objects.ts";
import { storeObject } from "./store-object.ts";

const owner = mintOwner(`user_${"a".repeat(21)}`, "development");
const unreferencedMs = 1_000;
const { quotas } = DeploymentLimits.parse({ quotas: { unreferencedMs } });

/** A bucket in memory: what is stored under a name, by its generation. */
class MemoryBucket {
  readonly objects = new Map<string, StoredObject>();
  nowMs = 1_000_000;
  #generation = 0;
  isFrozen = false;

  async put(_owner: unknown, kind: ObjectKind, bytes: Buffer) {
    await Promise.resolve();
    const sha256 = hash("sha256", bytes);
    const name = `${kind}/${sha256}`;
    if (this.objects.has(name)) return { sha256, isNew: false };
    this.#generation += 1;
    const generation = String(this.#generation);
    const [sizeBytes, storedAt] = [bytes.length, this.nowMs];
    this.objects.set(name, { kind, sha256, generation, sizeBytes, storedAt });
    return { sha256, isNew: true };
  }

  async *list(kind: ObjectKind) {
    yield [...this.objects.values()].filter((object) => object.kind === kind);
  }

  async remove({ kind, sha256, generation }: Parameters<GarbageCollection["remove"]>[0]) {
    const name = `${kind}/${sha256}`;
    if (this.objects.get(name)?.generation === generation) this.objects.delete(name);
  }
}

/** A database and a bucket in memory, and the actions of a test on them. */
function newPlatform() {
  const store = new MemoryStore();
  const bucket = new MemoryBucket();
  const referenced = new Set<string>();
  let lateAtMs = Number.POSITIVE_INFINITY;
  let beforeMark: () => Promise<unknown> = async () => undefined;
  const put = bucket.put.bind(bucket);
  const save = async (text: string) => {
    const object = { kind: "packs", bytes: Buffer.from(text) } as const;
    return `packs/${await storeObject({ store, now: () => bucket.nowMs }, owner, object, { put, quotas })}`;
  };
  const by: GarbageCollection = {
    store,
    now: () => bucket.nowMs,
    unreferencedMs,
    referenced: async () => {
      await beforeMark();
      return { names: new Set(referenced), hasTemporary: false };
    },
    list: (kind) => bucket.list(kind),
    remove: async (object) => await bucket.remove(object),
    collectTransfers: async () => ({ bytes: 0, objects: 0, hasMore: false, deleted: 0 }),
    isLate: () => bucket.nowMs > lateAtMs,
    isFrozen: async () => await Promise.resolve(bucket.isFrozen),
    usageChangedAt: (version) => version,
  };
  return {
    ...{ by, store, referenced, save, bucket: bucket.objects },
    collect: async () => await collectObjects(by, owner),
    pass: (ms: number) => {
      bucket.nowMs += ms;
    },
    freeze: (isFrozen: boolean) => {
      bucket.isFrozen = isFrozen;
    },
    lateAt: (ms: number) => {
      lateAtMs = ms;
    },
    onMark: (act: () => Promise<unknown>) => {
      beforeMark = act;
    },
    usage: async () => (await store.get(storageUsages.of(owner, storageUsageId))).value,
    condemned: async () => (await store.get(condemnedObjects.of(owner, condemnedId))).value,
  };
}

describe("TEN-2 collectObjects()", () => {
  test("deletes what nothing names, hours after it was seen to be so, and frees its room", async () => {
    const { bucket, referenced, save, collect, pass, usage } = newPlatform();
    referenced.add(await save("kept"));
    await save("old version");
    expect(await collect()).toEqual({ condemned: 0, deleted: 0 });
    pass(unreferencedMs);
    expect(await collect()).toEqual({ condemned: 1, deleted: 0 });
    expect(await collect()).toEqual({ condemned: 0, deleted: 0 });
    expect(bucket.size).toBe(2);
    pass(unreferencedMs);
    expect(await collect()).toEqual({ condemned: 0, deleted: 1 });
    expect([...bucket.keys()]).toEqual([...referenced]);
    expect(await usage()).toMatchObject({ bytes: 4, objects: 1 });
    expect(await collect()).toEqual({ condemned: 0, deleted: 0 });
    expect(await usage()).toMatchObject({ sweepAt: null });
  });

  test("INC-4 deletes nothing that was frozen in the middle, and goes on once it isn't", async () => {
    const { bucket, save, collect, pass, freeze } = newPlatform();
    await save("evidence");
    pass(unreferencedMs);
    await collect();
    pass(unreferencedMs);
    freeze(true);
    expect(await collect()).toEqual({ condemned: 0, deleted: 0 });
    expect(bucket.size).toBe(1);
    freeze(false);
    expect(await collect()).toEqual({ condemned: 0, deleted: 1 });
  });

  test("keeps what is named again before it goes", async () => {
    const { bucket, referenced, save, collect, pass } = newPlatform();
    const name = await save("reverted");
    pass(unreferencedMs);
    await collect();
    referenced.add(name);
    pass(unreferencedMs);
    expect(await collect()).toEqual({ condemned: 0, deleted: 0 });
    expect(bucket.has(name)).toBe(true);
  });

  test("keeps what is stored again and named only later", async () => {
    const { bucket, save, collect, pass, condemned } = newPlatform();
    const name = await save("again");
    pass(unreferencedMs);
    await collect();
    pass(unreferencedMs);
    expect(await save("again")).toBe(name);
    expect(await condemned()).toMatchObject({ waiting: [] });
    await collect();
    expect(bucket.has(name)).toBe(true);
  });

  test("gives up if something is stored again while it looks, and waits where it is too late", async () => {
    const { by, bucket, save, collect, pass, onMark } = newPlatform();
    const name = await save("raced");
    pass(unreferencedMs);
    await collect();
    pass(unreferencedMs);
    // A save between reading the list and the commit that takes it.
    onMark(async () => await save("raced"));
    await expect(collect()).rejects.toMatchObject({ code: 9 });
    expect(bucket.has(name)).toBe(true);
    onMark(async () => undefined);
    await collect();
    pass(unreferencedMs);
    // A save between that commit and the deletion.
    const refused: unknown[] = [];
    const { remove } = by;
    const racing = {
      ...by,
      remove: async (object: Parameters<typeof remove>[0]) => {
        await save("raced").catch((error) => refused.push(error));
        await remove(object);
      },
    };
    expect(await collectObjects(racing, owner)).toEqual({ condemned: 0, deleted: 1 });
    expect(refused).toEqual([expect.objectContaining({ code: "UNAVAILABLE" })]);
    expect(await save("raced")).toBe(name);
    expect(bucket.has(name)).toBe(true);
  });

  test("goes on where a process died over deleting, and touches no newer object of that name", async () => {
    const { by, store, bucket, save, collect, pass, usage } = newPlatform();
    const [first, second] = [await save("first"), await save("second!")];
    pass(unreferencedMs);
    await collect();
    pass(unreferencedMs);
    let [deletions, isDead] = [0, false];
    const dying = {
      ...by,
      remove: async (object: Parameters<typeof by.remove>[0]) => {
        deletions += 1;
        if (deletions === 2) isDead = true;
        if (isDead) throw new Error("killed");
        await by.remove(object);
      },
    };
    store.before = async () => {
      if (isDead) throw new Error("killed");
    };
    await expect(collectObjects(dying, owner)).rejects.toThrow("killed");
    store.before = async () => {};
    expect(bucket.size).toBe(1);
    await collect();
    expect([bucket.has(first), bucket.has(second)]).toEqual([false, false]);
    expect(await save("first")).toBe(first);
    pass(20 * 60_000);
    await collect();
    // What the dead process had deleted was still counted; now the count is right.
    expect(await usage()).toMatchObject({ bytes: 5, objects: 1 });
  });

  test("takes off the count what it deleted, also if another can't be deleted", async () => {
    const { by, bucket, save, collect, pass, usage, condemned } = newPlatform();
    for (let count = 0; count < 20; count += 1) await save(`old ${count}`);
    pass(unreferencedMs);
    await collect();
    pass(unreferencedMs);
    let deletions = 0;
    const failing = {
      ...by,
      remove: async (object: Parameters<typeof by.remove>[0]) => {
        deletions += 1;
        if (deletions === 3) throw new Error("away");
        await by.remove(object);
      },
    };
    await expect(collectObjects(failing, owner)).rejects.toThrow("away");
    // One of the first sixteen stays; the rest is left for the next call.
    expect([bucket.size, deletions]).toEqual([5, 16]);
    expect(await usage()).toMatchObject({ objects: 5, sweepAt: by.now() });
    expect((await condemned())?.going).toHaveLength(5);
    expect(await collect()).toEqual({ condemned: 0, deleted: 5 });
    expect(await usage()).toMatchObject({ objects: 0, bytes: 0 });
  });

  test("keeps what it did when its time is over, and goes on there in the next call", async () => {
    const { by, bucket, save, collect, pass, lateAt, usage, condemned } = newPlatform();
    for (let count = 0; count < 40; count += 1) await save(`old ${count}`);
    pass(unreferencedMs);
    await collect();
    pass(unreferencedMs);
    let atOnce = 0;
    let atOnceMax = 0;
    const slow = {
      ...by,
      remove: async (object: Parameters<typeof by.remove>[0]) => {
        atOnceMax = Math.max(atOnceMax, ++atOnce);
        await by.remove(object);
        pass(1_000);
        atOnce -= 1;
      },
    };
    lateAt(by.now() + 20_000);
    expect(await collectObjects(slow, owner)).toEqual({ condemned: 0, deleted: 32 });
    expect(atOnceMax).toBe(16);
    expect(bucket.size).toBe(8);
    expect(await usage()).toMatchObject({ objects: 8, sweepAt: by.now() });
    expect((await condemned())?.going).toHaveLength(8);
    // Late from the beginning: it does nothing, and loses nothing.
    expect(await collectObjects(slow, owner)).toEqual({ condemned: 0, deleted: 0 });
    lateAt(Number.POSITIVE_INFINITY);
    expect(await collectObjects(slow, owner)).toEqual({ condemned: 0, deleted: 8 });
    expect(bucket.size).toBe(0);
    expect(await usage()).toMatchObject({ objects: 0, bytes: 0 });
  });
});
