/** Finds rows of a trail by filters, with bounded work: a page may be short. */
import type * as z from "zod";
import type { AuditQuery } from "#shared/contract/audit";
import type { Owner } from "#shared/identity/owner";
import { auditRows, type StoredAuditRow } from "#shared/store/audit-rows";
import type { ReadStore } from "#shared/store/store";

type Row = z.output<typeof StoredAuditRow>;

/** How many rows are looked at per request, whatever the filters. */
export const rowsReadMax = 300;

export interface PageOfRows {
  readonly rows: readonly Row[];
  /** Where to go on; null if there is nothing more. */
  readonly next: string | null;
}

/** Each has an index, best first. The first in use serves the query, and the rest is checked. */
const filters = [
  { name: "subject", field: "subject", of: (row: Row) => row.subject },
  { name: "keyId", field: "actor.id", of: (row: Row) => row.actor.id },
  { name: "action", field: "action", of: (row: Row) => row.action },
] as const;

/** Newest first. */
export async function findRows(
  store: Pick<ReadStore, "walk">,
  owner: Owner,
  query: AuditQuery,
): Promise<PageOfRows> {
  const [served, ...checked] = filters.flatMap(({ name, field, of }) => {
    const wanted = query[name];
    return wanted === undefined ? [] : [{ field, of, wanted }];
  });
  const matches = (row: Row) => checked.every(({ of, wanted }) => of(row) === wanted);
  let count = 0;
  const isEnough = (row: Row) => {
    if (matches(row)) count += 1;
    return count === query.limit;
  };
  const { found, isEnd } = await store.walk(
    auditRows.all(owner),
    {
      where: served ? [[served.field, served.wanted]] : [],
      between: { field: "at", from: query.from, to: query.to },
      orderBy: [["at", "desc"]],
      after: query.cursor,
      limit: rowsReadMax,
    },
    { isEnough },
  );
  const last = found.at(-1)?.value;
  return {
    rows: found.map(({ value }) => value).filter(matches),
    next: isEnd || !last ? null : `${last.at}-${last.id}`,
  };
}
