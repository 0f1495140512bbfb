import type * as z from "zod";
import type { CollectionRef } from "./documents.ts";
import type { Cursor, Filter } from "./queries.ts";
import type { ReadStore } from "./store.ts";

type Dated = z.ZodType<object & { id: string; createdAt: number }>;

/**
 * A page of documents in the order of their creation, by offset or after a cursor. Pages by cursor
 * neither repeat nor lose a document while others are made or deleted, since each begins at the
 * last document of the one before and not at a number. One document more than the page is read, to
 * know whether another page follows.
 * @throws {ApiError} `VALIDATION_FAILED` if the page's documents are too large together.
 */
export async function readByCursor<S extends Dated>(
  store: Pick<ReadStore, "page">,
  collection: CollectionRef<S>,
  request: Filter & {
    readonly order: "asc" | "desc";
    readonly limit: number;
    readonly offset: number;
    readonly cursor?: Cursor | undefined;
  },
): Promise<{
  readonly items: readonly z.output<S>[];
  readonly total: number;
  readonly hasMore: boolean;
}> {
  const { order, limit, offset, cursor: after, ...filter } = request;
  const orderBy = [["createdAt", order]] as const;
  if (after === undefined) {
    const { items, total } = await store.page(collection, { ...filter, orderBy, limit, offset });
    return { items, total, hasMore: offset + items.length < total };
  }
  const page = { ...filter, orderBy, after, limit: limit + 1, offset: 0 };
  const { items, total } = await store.page(collection, page);
  return { items: items.slice(0, limit), total, hasMore: items.length > limit };
}
