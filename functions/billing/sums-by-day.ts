/**
 * Sums for each day of a span. One query per day would be hundreds of queries for a year, even if
 * there is little to add up (TEN-2). So one query first counts a stretch of days. If the stretch is
 * empty, its days are zero. If it has few documents, they are read and added up here. If it has
 * many, it is divided into parts, which are treated in the same way, down to single days.
 */

import pLimit from "p-limit";
import * as z from "zod";
import { allInOrder } from "#shared/errors/all-in-order";
import type { Owner } from "#shared/identity/owner";
import { inMemoryTurn } from "#shared/limits/memory-turns";
import type { CollectionRef } from "#shared/store/documents";
import type { Store } from "#shared/store/store";
import type { Span } from "./period.ts";

/** How many queries one series runs at once. */
const togetherMax = 8;
/**
 * A stretch with more documents isn't read: each costs as much as a query, but a tenth of its time.
 */
export const linesPerDayMax = 3;
/** How many parts a stretch is divided into; those of a year are about months. */
const partsOfStretch = 12;
const dayMs = 86_400_000;

/** The documents to add up, which belong to the day of their `createdAt`. */
export interface Series {
  readonly owner: Owner;
  readonly collection: CollectionRef;
  readonly where?: readonly (readonly [field: string, value: string])[];
  readonly fields: readonly string[];
}

export interface DaySum {
  readonly count: number;
  /** In the order of the series' fields. */
  readonly sums: readonly number[];
}

type Range = Span & { readonly field: string };
type SummingStore = Pick<Store, "sum" | "findParts">;

/**
 * It runs in its owner's turn, because a busy year takes long to read: requests of other owners
 * wait for at most a few of one owner's reads (TEN-1).
 * @param days Consecutive and oldest first; the sums come in the same order.
 */
export async function sumsByDay(
  store: SummingStore,
  series: Series,
  days: readonly Span[],
): Promise<readonly DaySum[]> {
  const turn = { ownerId: series.owner.id, asker: "sums" };
  return await inMemoryTurn(turn, async () => await sumUp(store, series, days));
}

async function sumUp(
  store: SummingStore,
  series: Series,
  days: readonly Span[],
): Promise<readonly DaySum[]> {
  const atOnce = pLimit(togetherMax);
  try {
    return await sumsOf(days);
  } finally {
    // After a failure, queries that haven't begun aren't needed.
    atOnce.clearQueue();
  }

  async function sumsOf(stretch: readonly Span[]): Promise<readonly DaySum[]> {
    const [first, last] = [stretch[0], stretch.at(-1)];
    if (!first || !last) return [];
    const between = { field: "createdAt", from: first.from, to: last.to };
    const whole = await atOnce(() => store.sum(series.collection, { ...series, between }));
    if (stretch.length === 1) return [whole];
    if (whole.count === 0) return stretch.map(() => nothingOf(series));
    const linesMax = linesPerDayMax * stretch.length;
    const lines = whole.count > linesMax ? null : await atOnce(() => linesOf(between, linesMax));
    return lines ? addUp(series, stretch, lines) : await sumsOfParts(stretch);
  }

  async function sumsOfParts(stretch: readonly Span[]): Promise<readonly DaySum[]> {
    const length = Math.ceil(stretch.length / partsOfStretch);
    const count = Math.ceil(stretch.length / length);
    const parts = Array.from({ length: count }, (_, index) =>
      sumsOf(stretch.slice(index * length, (index + 1) * length)),
    );
    return (await allInOrder(parts)).flat();
  }

  /** Null if there are too many documents now, although there were few when they were counted. */
  async function linesOf(range: Range, linesMax: number) {
    const names = ["createdAt", ...series.fields];
    const Line = z.object(Object.fromEntries(names.map((name) => [name, z.int().default(0)])));
    const lines = await store.findParts(series.collection, Line, {
      ...(series.where ? { where: series.where } : {}),
      between: range,
      // Any order would do; this one has an index.
      orderBy: [["createdAt", "desc"]],
      limit: linesMax + 1,
    });
    return lines.length > linesMax ? null : lines;
  }
}

function addUp(
  series: Series,
  stretch: readonly Span[],
  lines: readonly Readonly<Record<string, number>>[],
): readonly DaySum[] {
  const firstDay = Math.floor((stretch[0]?.from ?? 0) / dayMs);
  const days = stretch.map(() => ({ count: 0, sums: series.fields.map(() => 0) }));
  for (const line of lines) {
    const day = days[Math.floor((line.createdAt ?? 0) / dayMs) - firstDay];
    if (!day) continue;
    day.count += 1;
    day.sums = series.fields.map((name, index) => (day.sums[index] ?? 0) + (line[name] ?? 0));
  }
  return days;
}

function nothingOf({ fields }: Series): DaySum {
  return { count: 0, sums: fields.map(() => 0) };
}
