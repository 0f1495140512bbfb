import * as z from "zod";
import { PageQuery } from "#shared/contract/common";
import { from, until } from "#shared/contract/instants";
import { sameByBothNames } from "#shared/contract/unsupported";
import type { Owner } from "#shared/identity/owner";
import { ledger } from "#shared/store/owners";
import type { ReadStore } from "#shared/store/store";

const types = {
  execution: "charge",
  charge: "charge",
  credit: "credit",
  adjustment: "adjustment",
} as const;

/** The SDK calls the ends of the span `since` and `until`, the published API `from` and `to`. */
export const RecordsQuery = PageQuery.extend({
  since: from,
  from,
  until,
  to: until,
  type: z.enum(["execution", "charge", "credit", "adjustment"]).optional(),
})
  .refine(...sameByBothNames("since", "from"))
  .refine(...sameByBothNames("until", "to"));

/** A page of the ledger's lines, newest first. */
export async function readRecords(
  store: ReadStore,
  owner: Owner,
  query: z.output<typeof RecordsQuery>,
) {
  return await store.page(ledger.all(owner), {
    where: query.type ? [["type", types[query.type]]] : [],
    between: { field: "createdAt", from: query.since ?? query.from, to: query.until ?? query.to },
    orderBy: [["createdAt", "desc"]],
    limit: query.limit,
    offset: query.offset,
  });
}
