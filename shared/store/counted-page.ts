/**
 * Pages of a collection with the number of all documents that match. That number is counted only if
 * the page doesn't tell it: a count reads an index entry for each document, so for a long list it
 * takes longer than the page.
 */

import type { Query, QueryDocumentSnapshot } from "@google-cloud/firestore";
import { LRUCache } from "lru-cache";
import { allInOrder } from "../errors/all-in-order.ts";
import type { CollectionRef } from "./documents.ts";
import { filtered, ordered, type PageRequest } from "./queries.ts";
import { readPage } from "./read-page.ts";

/** A database read counts as many index entries, so fewer are counted whenever it is needed. */
const longListLength = 1_000;
/** For this long an instance answers the number of a long list that it has counted. */
const countedForMs = 10_000;
const listsMax = 1_000;

interface Counted {
  readonly total: number;
  readonly countedAtMs: number;
}

/** The numbers that a process has counted last, by list: a collection with its filters. */
export class CountedTotals {
  readonly #lists = new LRUCache<string, Counted>({ max: listsMax });
  readonly #clock: () => number;
  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock;
  }

  note(list: string, total: number): number {
    this.#lists.set(list, { total, countedAtMs: this.#clock() });
    return total;
  }

  /** Whether the list had more than `length` documents when it was counted last. */
  wasLonger(list: string, length: number): boolean {
    return (this.#lists.get(list)?.total ?? 0) > length;
  }

  /** The number of a long list that was counted just now; otherwise null. */
  ofLongList(list: string): number | null {
    const counted = this.#lists.get(list);
    if (!counted || counted.total <= longListLength) return null;
    return this.#clock() - counted.countedAtMs < countedForMs ? counted.total : null;
  }
}

export interface CountedPage {
  readonly documents: readonly QueryDocumentSnapshot[];
  readonly hasMore: boolean;
  readonly total: number;
}

interface Reading {
  readonly collection: Omit<CollectionRef, "schema">;
  readonly totals: CountedTotals;
  /** Aborted when nobody waits for the page any more. */
  readonly signal: AbortSignal;
}

/**
 * @param all The documents of the collection that the caller may see.
 * @throws {ApiError} `VALIDATION_FAILED` if the page's documents are too large together.
 */
export async function readCountedPage(
  all: Query,
  request: PageRequest,
  { collection: { path, within, documentBytesMax }, totals, signal }: Reading,
): Promise<CountedPage> {
  const { where, contains, between, after, limit, offset } = request;
  const list = JSON.stringify([path, within, where, contains, between]);
  const count = async () => {
    const counted = await filtered(all, request).count().get();
    return totals.note(list, counted.data().count);
  };
  const isLong = after !== undefined || totals.wasLonger(list, offset + limit);
  const query = ordered(all, request).offset(offset);
  const [{ documents, hasMore }, known] = await allInOrder([
    readPage(query, { limit, documentBytesMax, signal }),
    // If the list was longer than the page, it is counted meanwhile instead of afterwards.
    totals.ofLongList(list) ?? (isLong ? count() : null),
  ]);
  if (after) return { documents, hasMore, total: known ?? (await count()) };
  const end = offset + documents.length;
  if (!hasMore && (end === 0 || documents.length > 0)) return { documents, hasMore, total: end };
  // Documents come and go between the two reads, and the page is what the client sees.
  const isPossible = known !== null && (hasMore ? known > end : known <= end);
  const total = isPossible ? known : await count();
  return { documents, hasMore, total: hasMore ? Math.max(total, end + 1) : Math.min(total, end) };
}
