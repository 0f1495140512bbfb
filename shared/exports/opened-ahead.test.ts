import fc from "fast-check";
import { expect, test } from "vitest";
import { openedAhead } from "./opened-ahead.ts";

async function* from<T>(values: readonly T[]): AsyncGenerator<T> {
  yield* values;
}

async function all<T>(values: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const value of values) found.push(value);
  return found;
}

test("sequences come whole and in order, however many are open", async () => {
  const lists = fc.array(fc.array(fc.integer(), { maxLength: 4 }), { maxLength: 9 });
  await fc.assert(
    fc.asyncProperty(lists, fc.integer({ min: 1, max: 4 }), async (values, ahead) => {
      expect(await all(openedAhead(from(values), from, ahead))).toEqual(values.flat());
    }),
  );
});

test("no more are begun than may be open", async () => {
  let open = 0;
  let most = 0;
  async function* counted(value: number) {
    open += 1;
    most = Math.max(most, open);
    yield value;
    open -= 1;
  }
  expect(await all(openedAhead(from([1, 2, 3, 4, 5, 6]), counted, 3))).toHaveLength(6);
  expect(most).toBe(3);
});

test("an error is thrown in its turn, and what was begun behind it is closed", async () => {
  const closed: number[] = [];
  async function* failing(value: number) {
    try {
      if (value === 2) throw new Error("the second");
      yield value;
    } finally {
      closed.push(value);
    }
  }
  const seen: number[] = [];
  const read = async () => {
    for await (const value of openedAhead(from([1, 2, 3, 4]), failing, 3)) seen.push(value);
  };
  await expect(read()).rejects.toThrow("the second");
  expect(seen).toEqual([1]);
  expect(closed.toSorted((one, other) => one - other)).toEqual([1, 2, 3, 4]);
});
