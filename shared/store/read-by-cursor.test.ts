import fc from "fast-check";
import { expect, test } from "vitest";
import * as z from "zod";
import { MemoryStore } from "../../test/kit/memory-store.ts";
import { cursorListBody, cursorQuery } from "../contract/cursor.ts";
import { create, remove, systemCollection } from "./documents.ts";
import { readByCursor } from "./read-by-cursor.ts";

const Thing = z.object({ id: z.string(), createdAt: z.int() });
const MessagesQuery = cursorQuery("message");
const things = systemCollection("things", Thing);

/** Ids in no particular order, as random ones are. */
const idOf = (number: number) => `msg_${String((number * 7_919) % 10_007).padStart(21, "0")}`;

test("pages by cursor repeat nothing, and lose nothing that was there all the time", async () => {
  const step = fc.record({
    made: fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 3 }),
    removed: fc.option(fc.nat(20)),
  });
  const scenario = fc.record({
    first: fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 12 }),
    steps: fc.array(step, { maxLength: 12 }),
    limit: fc.integer({ min: 1, max: 4 }),
    order: fc.constantFrom("asc" as const, "desc" as const),
  });
  const property = fc.asyncProperty(scenario, async ({ first, steps, limit, order }) => {
    const store = new MemoryStore();
    const there = new Map<string, number>();
    const removed = new Set<string>();
    let made = 0;
    const make = async (createdAt: number) => {
      const id = idOf(made++);
      there.set(id, createdAt);
      await store.commit([create(things.doc(id), { id, createdAt })]);
    };
    for (const createdAt of first) await make(createdAt);
    const atFirst = [...there.keys()];
    const seen: string[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < 100; page += 1) {
      const query = MessagesQuery.parse({ limit, cursor });
      const read = await readByCursor(store as never, things.all(), { ...query, order });
      const body = cursorListBody(read, ({ id }) => id);
      seen.push(...body.data);
      expect(body.has_more).toBe(body.next_cursor !== null);
      if (body.next_cursor === null) break;
      cursor = body.next_cursor;
      const { made: more = [], removed: gone = null } = steps[page] ?? {};
      for (const createdAt of more) await make(createdAt);
      const victim = gone === null ? undefined : [...there.keys()][gone % there.size];
      if (victim === undefined) continue;
      removed.add(victim);
      await store.commit([remove(things.doc(victim), null)]);
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toEqual(expect.arrayContaining(atFirst.filter((id) => !removed.has(id))));
  });
  await fc.assert(property, { numRuns: 60 });
});

test("a cursor must be one that a list of the same kind gave", () => {
  const takes = (cursor: string) => MessagesQuery.safeParse({ cursor }).success;
  expect(takes(`17.${idOf(1)}`)).toBe(true);
  for (const other of ["17", "17.", `.${idOf(1)}`, `017.${idOf(1)}`, `17.${idOf(1)}x`]) {
    expect(takes(other), other).toBe(false);
  }
  expect(takes(`17.${idOf(1).replace("msg_", "thread_")}`)).toBe(false);
});
