import type * as z from "zod";
import type { Page } from "../contract/common.ts";
import type { CollectionRef } from "./documents.ts";
import type { Cursor, Filter } from "./queries.ts";
import type { ReadStore } from "./store.ts";

type Dated = z.ZodType<object & { id: string; createdAt: number }>;

/**
 * A page of documents in the order of their creation, by offset or after a cursor. Pages by cursor
 * neither repeat nor lose a document while others are made or deleted, since each begins at the
 * last document of the one before and not at a number.
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
): Promise<Page<z.output<S>>> {
  const { order, cursor: after, ...page } = request;
  return await store.page(collection, { ...page, orderBy: [["createdAt", order]], after });
}
