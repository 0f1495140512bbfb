import { describe, expect, test } from "vitest";
import { newOwner } from "#shared/owners/act-on-owner";
import { parseStored } from "#shared/store/documents";
import { ledger } from "#shared/store/owners";
import type { Span } from "./period.ts";
import { linesPerDayMax, sumsByDay } from "./sums-by-day.ts";

const dayMs = 86_400_000;
const beginsAt = Date.UTC(2026, 0, 1);
function seriesOf(letter: string) {
  const owner = newOwner(`user_${letter.repeat(21)}`, "development");
  return { owner, collection: ledger.all(owner), fields: ["amountMicrousd"] };
}
const series = seriesOf("a");

const daysOf = (count: number): readonly Span[] =>
  Array.from({ length: count }, (_, index) => {
    const from = beginsAt + index * dayMs;
    return { from, to: from + dayMs - 1 };
  });

interface Line {
  readonly createdAt: number;
  readonly amountMicrousd: number;
}

/** Lines on each of `days`, from its first millisecond to its last. */
function linesOn(days: readonly Span[], each: number): readonly Line[] {
  return days.flatMap(({ from, to }) =>
    Array.from({ length: each }, (_, index) => ({
      createdAt: index % 2 === 0 ? from : to,
      amountMicrousd: index + 1,
    })),
  );
}

type Store = Parameters<typeof sumsByDay>[0];
type Range = { readonly from: number | undefined; readonly to: number | undefined };

class CountingStore implements Store {
  readonly #lines: readonly Line[];
  questions = 0;
  open = 0;
  openMax = 0;
  fails = false;
  linesRead = 0;
  constructor(lines: readonly Line[]) {
    this.#lines = lines;
  }

  async #within(range: Range | undefined): Promise<readonly Line[]> {
    const { from = 0, to = 0 } = range ?? {};
    this.questions += 1;
    this.open += 1;
    this.openMax = Math.max(this.openMax, this.open);
    await new Promise((resolve) => setImmediate(resolve));
    this.open -= 1;
    if (this.fails) throw new Error("the database is away");
    return this.#lines.filter(({ createdAt }) => createdAt >= from && createdAt <= to);
  }

  sum: Store["sum"] = async (_collection, { between }) => {
    const found = await this.#within(between);
    const sum = found.reduce((total, { amountMicrousd }) => total + amountMicrousd, 0);
    return { count: found.length, sums: [sum] };
  };

  findParts: Store["findParts"] = async (_collection, part, { between, limit }) => {
    const found = (await this.#within(between)).slice(0, limit);
    this.linesRead += found.length;
    return found.map((line) => parseStored(part, line));
  };
}

describe("sumsByDay()", () => {
  test.each([
    ["a day", 1, 3],
    ["few lines", 40, 2],
    ["many lines", 40, 30],
    ["very many lines of a day", 3, 500],
    ["a year without any", 366, 0],
  ])("is what each day adds up to: %s", async (_what, length, each) => {
    const days = daysOf(length);
    const store = new CountingStore(linesOn(days, each));
    const sum = (each * (each + 1)) / 2;
    expect(await sumsByDay(store, series, days)).toEqual(
      days.map(() => ({ count: each, sums: [sum] })),
    );
  });

  test("counts what the first and the last day have inside the span alone", async () => {
    const [first, ...rest] = daysOf(3);
    if (!first) throw new Error("no day");
    const store = new CountingStore(linesOn(daysOf(3), 2));
    const sums = await sumsByDay(store, series, [{ ...first, from: first.from + 1 }, ...rest]);
    expect(sums.map(({ count }) => count)).toEqual([1, 2, 2]);
  });

  test("TEN-2 asks one question of a year without a line, two of one with few", async () => {
    const days = daysOf(366);
    const [empty, few] = [new CountingStore([]), new CountingStore(linesOn(days.slice(-100), 2))];
    await sumsByDay(empty, series, days);
    await sumsByDay(few, series, days);
    expect([empty.questions, few.questions]).toEqual([1, 2]);
    const most = new CountingStore(linesOn(days, linesPerDayMax));
    await sumsByDay(most, series, days);
    expect([most.questions, most.linesRead]).toEqual([2, 366 * linesPerDayMax]);
  });

  test("TEN-2 asks for days only where there are many lines, a few at once", async () => {
    const days = daysOf(366);
    const busy = new CountingStore(linesOn(days.slice(0, 31), 50));
    await sumsByDay(busy, series, days);
    // The year, its twelve parts, and of the one that is busy its parts and their days.
    expect(busy.questions).toBeLessThanOrEqual(1 + 12 + 11 + 31);
    const busiest = new CountingStore(linesOn(days, linesPerDayMax + 1));
    await sumsByDay(busiest, series, days);
    expect(busiest.questions).toBeLessThanOrEqual(1 + 12 + 12 * 11 + 366);
    expect(busiest.linesRead).toBe(0);
    expect(busiest.openMax).toBeLessThanOrEqual(8);
  });

  test("TEN-1 asks a few of one owner's at once, and a neighbour's beside them", async () => {
    const days = daysOf(366);
    const own = new CountingStore(linesOn(days, linesPerDayMax + 1));
    const neighbours = new CountingStore(linesOn(days, 1));
    let ended = 0;
    const all = Array.from({ length: 20 }, async () => {
      await sumsByDay(own, series, days);
      ended += 1;
    });
    await sumsByDay(neighbours, seriesOf("b"), days);
    expect(ended).toBe(0);
    await Promise.all(all);
    expect(own.openMax).toBeLessThanOrEqual(3 * 8);
  });

  test("TEN-2 asks nothing more once a question has failed", async () => {
    const store = new CountingStore(linesOn(daysOf(366), 30));
    const sums = sumsByDay(store, series, daysOf(366));
    // The year's and its parts' questions are answered, those that follow them aren't.
    while (store.questions < 20) await new Promise((resolve) => setImmediate(resolve));
    store.fails = true;
    await expect(sums).rejects.toThrow("the database is away");
    const asked = store.questions;
    for (let turn = 0; turn < 20; turn += 1) await new Promise((next) => setImmediate(next));
    expect(store.questions - asked).toBeLessThanOrEqual(2 * 8);
  });
});
