/**
 * How many things of a kind an account may have, decided in the commit that makes one more. The
 * account knows a number that they don't exceed: each that is made adds one, and none that is
 * deleted takes one away, so that deleting waits for nobody. Only once that number says that the
 * account is full are they counted again (ADR 33).
 */
import * as z from "zod";

export const ownedKinds = ["agents", "environments", "threads"] as const;
export type OwnedKind = (typeof ownedKinds)[number];

const OwnedCount = z.object({
  /** No more of them than this. */
  atMost: z.int().min(0),
  /** Made since they are counted: the same number means that none was made in between. */
  made: z.int().min(0),
});
type OwnedCount = z.infer<typeof OwnedCount>;

/** By kind; a kind that isn't in it was never counted. */
export const OwnedCounts = z.partialRecord(z.enum(ownedKinds), OwnedCount);
export type OwnedCounts = z.infer<typeof OwnedCounts>;

/** Things as they were counted, and what the account said before that. */
export interface Counted {
  readonly count: number;
  readonly made: number | null;
}

/**
 * The count with one more: `full` if there is no room for it, `unknown` if that takes counting them
 * (again), since some may have been deleted, or some may have been made since `counted`.
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
