/** What reads promise and cost, on the real emulator: of documents by name, and of pages. */
import { nanoid } from "nanoid";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import * as z from "zod";
import { newOwner } from "#shared/owners/act-on-owner";
import { create, ownedCollection } from "#shared/store/documents";
import type { Store } from "#shared/store/store";
import type { CountingProxy } from "../../local/firestore/counting-proxy.ts";
import { until } from "../kit/cloud.ts";
import { openCountedStore } from "../kit/counted-store.ts";

const things = ownedCollection(["things"], z.object({ v: z.literal(1), number: z.int() }));
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

test("TEN-1 distinct texts are looked for in turns, and not for a client that left", async () => {
  const gone = new AbortController();
  gone.abort("gone");
  const left = store.forClient(gone.signal).distinct(things.all(owner), "name", 10);
  await expect(left).rejects.toMatchObject({ code: "UNAVAILABLE" });
  expect(await store.distinct(things.all(other), "name", 10)).toEqual([]);
  await untilCounted(1);
});
