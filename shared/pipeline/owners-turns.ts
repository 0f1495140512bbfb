import { LRUCache } from "lru-cache";
import type * as z from "zod";
import { roundRobinByOwner } from "../core/limits/round-robin.ts";
import type { DueDocument } from "../store/due-documents.ts";

/** When each owner was last served, so that owners take turns across calls. */
export function newServedAt(): LRUCache<string, number> {
  return new LRUCache({ max: 10_000 });
}

/**
 * Due documents in turns of their owners, the longest due first within each, so that an owner with
 * a thousand of them delays another by one. Those that can't be read, whose owner isn't known, come
 * first: a sweep puts them off without work.
 * @param servedAt When each owner was served last.
 */
export function inOwnersTurns<
  S extends z.ZodObject<{ ownerId: z.ZodString; dueAt: z.ZodType<number | null> }>,
>(
  due: readonly DueDocument<S>[],
  servedAt: { get(ownerId: string): number | undefined },
): readonly DueDocument<S>[] {
  const waiting = due.flatMap((one, place) => {
    if (one.found === null) return [];
    const { ownerId } = one.found.value;
    return [{ ownerId, createdAt: place, one }];
  });
  const unreadable = due.filter(({ found }) => found === null);
  return [...unreadable, ...roundRobinByOwner(waiting, servedAt).map(({ one }) => one)];
}
