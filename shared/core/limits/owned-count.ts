/**
 * Limits the number of an account's things of one kind: agents, environments, threads. It is
 * decided in the commit that makes one. The account stores an upper bound: a new thing adds one,
 * and a deletion subtracts nothing, so that deletions don't touch the account. Things are counted
 * again only when the bound says that the account is full (ADR 33).
 */
import * as z from "zod";

export const ownedKinds = ["agents", "environments", "threads"] as const;
/** Kinds that came later. The release before refuses an account whose `counts` names them. */
export const laterKinds = ["schedules", "triggers", "orchestrations", "skills"] as const;
export type OwnedKind = (typeof ownedKinds)[number] | (typeof laterKinds)[number];

const OwnedCount = z.object({
  /** An upper bound of their number. */
  atMost: z.int().min(0),
  /** How many were made so far. If it is the same as before a count, none was made during it. */
  made: z.int().min(0),
});
export type OwnedCount = z.infer<typeof OwnedCount>;

/** The counts by kind; a kind that is missing was never counted. */
export const OwnedCounts = z.partialRecord(z.enum(ownedKinds), OwnedCount);
export type OwnedCounts = z.infer<typeof OwnedCounts>;

/** Any kinds, so that a release takes an account with kinds that a newer one counts. */
export const LaterCounts = z.record(z.string(), OwnedCount);

/** The result of a count, and the account's `made` before it. */
export interface Counted {
  readonly count: number;
  readonly made: number | null;
}

/**
 * The count after one more. `full` means there is no room; `unknown` means they must be counted
 * (again), because some may have been deleted or made since `counted`.
 */
export function withOneMore(
  before: OwnedCount | undefined,
  counted: Counted | null,
  max: number,
): OwnedCount | "full" | "unknown" {
  const made = (before?.made ?? 0) + 1;
  if (before && before.atMost < max) return { atMost: before.atMost + 1, made };
  if (!counted || counted.made !== (before?.made ?? null)) return "unknown";
  return counted.count < max ? { atMost: counted.count + 1, made } : "full";
}
