/**
 * Counts refused uses of a known key, per network and hour. A row is written only when a count
 * reaches a power of ten, so a key that is refused a million times adds seven rows.
 */
import * as z from "zod";

/** Why a key is refused that may do other things: it lacks a scope, or its bounds end before. */
export const rightsReasons = ["scope", "bounds"] as const;
export type RightsReason = (typeof rightsReasons)[number];

export const refusalReasons = [
  "expired",
  "revoked",
  "contained",
  "suspended",
  "mode",
  "address",
  ...rightsReasons,
] as const;
export type KeyRefusalReason = (typeof refusalReasons)[number];

/** Networks of a key that are told apart within an hour; all others count as one. */
export const refusedNetworksMax = 8;
/** The name under which all further networks count. */
export const otherNetworks = "others";

/** The count of each network and reason, as `network reason`. */
export const RefusalCounts = z.record(z.string(), z.int().min(1));
export type RefusalCounts = z.infer<typeof RefusalCounts>;

/** Refusals that weren't counted so far. */
export interface RefusalCount {
  /** A digest; see `key-networks.ts`. */
  readonly network: string;
  readonly reason: KeyRefusalReason;
  readonly count: number;
}

/** A count that has reached a power of ten. */
export interface RefusalMilestone<C extends RefusalCount> {
  readonly refusal: C;
  readonly network: string;
  /** The largest power of ten that was reached, and the one before, or 0. */
  readonly reached: number;
  readonly before: number;
}

/** The counts of the hour with `added`, and those that reached a power of ten by it. */
export function addRefusals<C extends RefusalCount>(
  before: RefusalCounts,
  added: readonly C[],
): { readonly counts: RefusalCounts; readonly milestones: readonly RefusalMilestone<C>[] } {
  const counts: Record<string, number> = { ...before };
  const milestones: RefusalMilestone<C>[] = [];
  for (const refusal of added) {
    const network = networkOf(counts, refusal.network);
    const name = `${network} ${refusal.reason}`;
    const [earlier, now] = [counts[name] ?? 0, (counts[name] ?? 0) + refusal.count];
    counts[name] = now;
    const [reached, last] = [powerOfTen(now), powerOfTen(earlier)];
    if (reached > last) milestones.push({ refusal, network, reached, before: last });
  }
  return { counts, milestones };
}

function networkOf(counts: Readonly<Record<string, number>>, network: string): string {
  const known = new Set(Object.keys(counts).map((name) => name.split(" ")[0]));
  known.delete(otherNetworks);
  return known.has(network) || known.size < refusedNetworksMax ? network : otherNetworks;
}

/** The largest power of ten that isn't above `count`; 0 for 0. */
function powerOfTen(count: number): number {
  return count === 0 ? 0 : 10 ** (String(count).length - 1);
}
