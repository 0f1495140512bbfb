import type * as z from "zod";
import type { CollectionRef } from "./documents.ts";
import type { Cursor, PageRequest } from "./queries.ts";
import type { ReadOptions } from "./read-page.ts";
import type { ReadStore } from "./store.ts";

interface Newest extends Pick<PageRequest, "where" | "contains"> {
  /** How many are looked at. */
  readonly max: number;
}

type Dated = z.ZodType<{ readonly id: string; readonly createdAt: number }>;

/**
 * Calls back with each of the newest matching documents. They are read in their owner's turns, a
 * few megabytes at a time, and what the caller doesn't keep is let go (TEN-2).
 * @returns whether there were certainly no more of them.
 */
export async function eachNewest<S extends Dated>(
  store: Pick<ReadStore, "walk">,
  collection: CollectionRef<S>,
  { max, ...matching }: Newest,
  look: (value: z.output<S>) => void,
  chunks: Pick<ReadOptions, "firstChunk" | "chunkMax"> = {},
): Promise<boolean> {
  let after: Cursor | undefined;
  for (let left = max; left > 0; ) {
    const request = { ...matching, orderBy: [["createdAt", "desc"]] as const, after, limit: left };
    const { found, isEnd } = await store.walk(collection, request, chunks);
    for (const { value } of found) look(value);
    const last = found.at(-1)?.value;
    if (isEnd || !last) return true;
    after = { value: last.createdAt, id: last.id };
    left -= found.length;
  }
  return false;
}
