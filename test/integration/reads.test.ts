/** What reads promise and cost, on the real emulator: of documents by name, and of pages. */
import { nanoid } from "nanoid";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import * as z from "zod";
import type { Owner } from "#shared/identity/owner";
import { newOwner } from "#shared/owners/act-on-owner";
import { create, ownedCollection, smallDocuments, systemCollection } from "#shared/store/documents";
import type { Store } from "#shared/store/store";
import type { CountingProxy } from "../../local/firestore/counting-proxy.ts";
import { until } from "../kit/cloud.ts";
import { openCountedStore } from "../kit/counted-store.ts";

const things = ownedCollection(["things"], z.object({ v: z.literal(1), number: z.int() }));
const Large = z.object({ v: z.literal(1), number: z.int(), text: z.string() });
/** Their documents are larger than is said of them, as those of an earlier release may be. */
const large = ownedCollection(["large"], Large, null, smallDocuments);
const owner = newOwner(`user_${nanoid()}`, "development");
const other = newOwner(`user_${nanoid()}`, "development");
const thingsMax = 40;
let proxy: CountingProxy;
let store: Store;

beforeAll(async () => {
  const opened = await openCountedStore();
  ({ proxy, store } = opened);
  const writes = Array.from({ length: thingsMax }, (_, number) => {
    return create(things.of(owner, `thing-${number}`), { v: 1, number });
  });
  await store.commit([...writes, create(things.of(other, "thing-0"), { v: 1, number: 100 })]);
  return opened.close;
});

beforeEach(() => {
  proxy.faults.clear();
  proxy.reset();
});

const numberOf = async (number: number, itsOwner = owner) =>
  (await store.get(things.of(itsOwner, `thing-${number}`))).value?.number ?? null;

/** A call is counted at its end, shortly after its documents have arrived. */
async function untilCounted(reads: number): Promise<void> {
  await until(`${reads} reads`, async () => proxy.counters().reads === reads);
}

describe("documents asked for in one turn", () => {
  test("are read in one call, each for whom it belongs to, once however many ask", async () => {
    const both = store.getAll(things.of(owner, "thing-3"), things.of(other, "thing-0"));
    const answers = await Promise.all([
      numberOf(0),
      numberOf(0, other),
      numberOf(999),
      numberOf(0),
    ]);
    expect(answers).toEqual([0, 100, null, 0]);
    expect((await both).map(({ value }) => value?.number)).toEqual([3, 100]);
    await untilCounted(4);
    expect(proxy.counters().calls).toBe(1);
  });

  test("are read in several calls if they are many, so that none waits for all", async () => {
    const numbers = Array.from({ length: 40 }, (_, number) => number);
    expect(await Promise.all(numbers.map((number) => numberOf(number)))).toEqual(numbers);
    await untilCounted(40);
    expect(proxy.counters().calls).toBe(2);
  });

  test("are read again for a later request, even if the first call isn't done", async () => {
    proxy.faults.order("BatchGetDocuments", { kind: "hold-after" });
    const before = numberOf(1);
    await until("a call that is held", async () => proxy.faults.held > 0);
    expect(await numberOf(1)).toBe(1);
    proxy.faults.clear();
    expect(await before).toBe(1);
    await untilCounted(2);
  });
});

describe("a page of a list", () => {
  const smallThings = { ...things.all(owner), ...smallDocuments };
  const orderBy = [["number", "asc"]] as const;
  const numbersOf = ({ items }: { readonly items: readonly { readonly number: number }[] }) =>
    items.map(({ number }) => number);
  const from = (first: number, length: number) =>
    Array.from({ length }, (_, index) => first + index);

  test("of small documents is one query, and the list's end says how many there are", async () => {
    const page = await store.page(smallThings, { orderBy, offset: 5, limit: 35 });
    expect(numbersOf(page)).toEqual(from(5, 35));
    expect(page).toMatchObject({ hasMore: false, total: thingsMax });
    await untilCounted(35);
    expect(proxy.counters().calls).toBe(1);
  });

  test("is counted if another page follows, or if it is beyond the end", async () => {
    const page = await store.page(smallThings, { orderBy, offset: 5, limit: 34 });
    expect(numbersOf(page)).toEqual(from(5, 34));
    expect(page).toMatchObject({ hasMore: true, total: thingsMax });
    // One document more than the page has, and the count.
    await untilCounted(34 + 1 + 1);
    expect(proxy.counters().calls).toBe(2);
    const beyond = await store.page(smallThings, { orderBy, offset: 90, limit: 10 });
    expect(beyond).toEqual({ items: [], hasMore: false, total: thingsMax });
  });

  test("TEN-2 holds what fits of documents that are larger than they should be", async () => {
    const text = "x".repeat(900_000);
    const { id } = newOwner(`user_${nanoid()}`, "development");
    const itsOwner = newOwner(id, "development");
    for (let number = 0; number < 12; number += 1) {
      await store.commit([create(large.of(itsOwner, `large-${number}`), { v: 1, number, text })]);
    }
    const page = async (limit: number) =>
      await store.page(large.all(itsOwner), { orderBy, offset: 0, limit });
    const refused = { code: "VALIDATION_FAILED", message: expect.stringContaining("at most 9") };
    await expect(page(12)).rejects.toMatchObject(refused);
    const fits = await page(9);
    expect(numbersOf(fits)).toEqual(from(0, 9));
    expect(fits).toMatchObject({ hasMore: true, total: 12 });
  });
});

describe("TEN-2 documents of a query", () => {
  const all = things.all(owner);
  const orderBy = [["number", "desc"]] as const;
  const request = { orderBy, limit: 100 };
  const numbersOf = (found: readonly { readonly value: { readonly number: number } }[]) =>
    found.map(({ value }) => value.number);

  test("are all read, in order and once, however many slices that takes", async () => {
    const numbers = Array.from({ length: thingsMax }, (_, number) => thingsMax - 1 - number);
    expect(numbersOf(await store.findFitting(all, request))).toEqual(numbers);
    await untilCounted(thingsMax);
    const page = await store.page(all, { ...request, offset: 10, limit: 20 });
    expect(page.total).toBe(thingsMax);
    expect(page.items.map(({ number }) => number)).toEqual(numbers.slice(10, 30));
  });

  test("aren't read beyond the first slice once one is enough", async () => {
    const fitting = { firstChunk: 1, isEnough: () => true };
    expect(numbersOf(await store.findFitting(all, request, fitting))).toEqual([39]);
    await untilCounted(1);
    const first = await store.findFitting(all, { ...request, orderBy }, { isEnough: () => true });
    expect(first).toHaveLength(1);
    await untilCounted(1 + 8);
  });

  test("aren't read beyond the slice that is larger than what fits", async () => {
    const bytesOfTwo = 2 * Buffer.byteLength(JSON.stringify({ v: 1, number: 39 }));
    const fitting = { bytesMax: bytesOfTwo };
    expect(numbersOf(await store.findFitting(all, request, fitting))).toEqual([39, 38]);
    await untilCounted(8);
  });

  test("aren't read at all for a client that left while others' were read", async () => {
    proxy.faults.order("RunQuery", { kind: "hold-before" }, 2);
    const one = { ...request, limit: 1 };
    const held = [store.findFitting(all, one), store.findFitting(all, one)];
    await until("two that are held", async () => proxy.faults.held === 2);
    const gone = new AbortController();
    const left = store.forClient(gone.signal).findFitting(all, one);
    const refused = expect(left).rejects.toMatchObject({ code: "UNAVAILABLE" });
    gone.abort("gone");
    await refused;
    const neighbours = await store.findFitting(things.all(other), one);
    expect(numbersOf(neighbours)).toEqual([100]);
    proxy.faults.clear();
    await Promise.all(held);
    await untilCounted(3);
  });
});

describe("TEN-1 reads that may be of many documents", () => {
  const number = z.object({ number: z.int() });
  const orderBy = [["number", "asc"]] as const;
  const many = { orderBy, limit: 100 };
  const wait = async (places: number) => {
    await until(`${places} that are held`, async () => proxy.faults.held === places);
    // Whatever else was asked for and needn't wait has been asked by then.
    expect(await numberOf(0)).toBe(0);
    expect(proxy.faults.held).toBe(places);
  };

  test.each([
    ["whole", 2, () => store.findAll(things.all(owner), many)],
    ["in part", 8, () => store.findParts(things.all(owner), number, many)],
  ])("are in their owner's turn: %s, %d at once", async (_, places, read) => {
    // First all are held, to see how many are asked for; then no more, so that neighbours' aren't.
    for (const heldMax of [12, places]) {
      proxy.faults.order("RunQuery", { kind: "hold-before" }, heldMax);
      const flood = Array.from({ length: 12 }, async () => await read());
      await wait(places);
      if (heldMax === places) {
        expect(await store.findAll(things.all(other), many)).toHaveLength(1);
        expect(await store.findParts(things.all(other), number, many)).toHaveLength(1);
      }
      proxy.faults.clear();
      for (const found of await Promise.all(flood)) expect(found).toHaveLength(thingsMax);
    }
  });

  test("KEY-10 are read at once for what ends something", async () => {
    proxy.faults.order("RunQuery", { kind: "hold-before" }, 2);
    const flood = Array.from({ length: 12 }, () => store.findAll(things.all(owner), many));
    await wait(2);
    const urgent = { ...many, outOfTurn: true };
    expect(await store.findAll(things.all(owner), urgent)).toHaveLength(thingsMax);
    proxy.faults.clear();
    await Promise.all(flood);
  });

  test("are in the turn of the owner who is asked for, of what is the system's", async () => {
    const Owned = z.object({ v: z.literal(1), ownerId: z.string(), number: z.int() });
    const all = systemCollection("ownedThings", Owned);
    const made = [owner.id, other.id].map((ownerId) => ({ v: 1 as const, ownerId, number: 0 }));
    await store.commit(made.map((value) => create(all.doc(`thing-${value.ownerId}`), value)));
    const pageOf = ({ id }: Owner) => ({ ...many, where: [["ownerId", id]] as const, offset: 0 });
    proxy.faults.order("RunQuery", { kind: "hold-before" }, 2);
    const flood = Array.from({ length: 12 }, () => store.page(all.all(), pageOf(owner)));
    await wait(2);
    expect((await store.page(all.all(), pageOf(other))).items).toHaveLength(1);
    proxy.faults.clear();
    await Promise.all(flood);
  });
});

test("TEN-1 distinct texts are looked for in turns, and not for a client that left", async () => {
  const gone = new AbortController();
  gone.abort("gone");
  const left = store.forClient(gone.signal).distinct(things.all(owner), "name", 10);
  await expect(left).rejects.toMatchObject({ code: "UNAVAILABLE" });
  expect(await store.distinct(things.all(other), "name", 10)).toEqual([]);
  await untilCounted(1);
});
