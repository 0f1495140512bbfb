import type * as z from "zod";
import { notYetProven } from "#shared/audit/read-proven-head";
import { readRangeRoots } from "#shared/audit/read-subtrees";
import { AuditRow } from "#shared/core/audit/audit-row";
import type { Evidence } from "#shared/core/audit/evidence-format";
import { planInclusion } from "#shared/core/audit/merkle-proofs";
import { hexOf, type ProvenHead } from "#shared/core/audit/proven-head";
import type { StoredAuditRow } from "#shared/store/audit-rows";
import type { Sources } from "./sources.ts";

type Row = z.output<typeof StoredAuditRow>;

/**
 * The rows in the order of the trail, each with its place under one signed checkpoint. Rows of
 * early releases, which have neither a place nor the mark by which they would get one, come first.
 * @param from.head The head of the owner's trail under the last checkpoint, as it is being read.
 * @throws {ApiError} `AUDIT_PENDING` unless a checkpoint has all others.
 */
export async function proveRows(
  { store, owner, head }: Pick<Sources, "store" | "owner"> & { readonly head: Promise<ProvenHead> },
  rows: readonly Row[],
): Promise<Pick<Evidence, "trail" | "rows">> {
  const placeOf = ({ sequence }: Row) => sequence ?? -1;
  const ordered = rows.toSorted((one, other) => placeOf(one) - placeOf(other) || one.at - other.at);
  if (ordered.some(({ sequence, unsequenced }) => sequence === null && unsequenced !== null)) {
    throw notYetProven("Rows of it have no place in the tree yet; try again in a minute.");
  }
  const places = ordered.flatMap(({ sequence }) => (sequence === null ? [] : [sequence]));
  const last = places.at(-1);
  if (last === undefined) {
    return { trail: null, rows: ordered.map((row) => ({ row: AuditRow.parse(row), place: null })) };
  }
  const trail = await head;
  const { size } = trail.head;
  if (last >= size) {
    throw notYetProven("No signed checkpoint has all rows of it yet; try again in a minute.");
  }
  const plans = places.map((index) => planInclusion(index, size));
  const roots = (await readRangeRoots(store, owner, plans.flat())).map(hexOf);
  const inclusions = new Map<number | null, string[]>(
    places.map((index, number) => [index, roots.splice(0, plans[number]?.length)]),
  );
  return {
    trail,
    rows: ordered.map((row) => {
      const { sequence: index } = row;
      const inclusion = inclusions.get(index);
      const place = index === null || !inclusion ? null : { index, inclusion };
      return { row: AuditRow.parse(row), place };
    }),
  };
}
