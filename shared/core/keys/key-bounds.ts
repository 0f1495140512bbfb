/** The bounds of a key, and whether they lie within another key's bounds (KEY-4). */
import { covers, parseRange } from "../network/address-range.ts";
import { isWithin, type Scope } from "./scopes.ts";

/** Null means unbounded. */
export interface KeyBounds {
  readonly scopes: readonly Scope[];
  /** Epoch milliseconds. */
  readonly expiresAt: number | null;
  readonly environmentIds: readonly string[] | null;
  readonly addressRanges: readonly string[] | null;
  readonly executionCostMaxMicrousd: number | null;
  readonly dayCostMaxMicrousd: number | null;
}

/** The bounds of a key that may do all that its account may. */
export const unbounded: KeyBounds = {
  scopes: ["*"],
  expiresAt: null,
  environmentIds: null,
  addressRanges: null,
  executionCostMaxMicrousd: null,
  dayCostMaxMicrousd: null,
};

/** The first bound of `outer` that `inner` exceeds; null if it exceeds none. */
export function exceeded(inner: KeyBounds, outer: KeyBounds): keyof KeyBounds | null {
  if (!isWithin(inner.scopes, outer.scopes)) return "scopes";
  if (!isAtMost(inner.expiresAt, outer.expiresAt)) return "expiresAt";
  if (!isSubset(inner.environmentIds, outer.environmentIds)) return "environmentIds";
  if (!isCovered(inner.addressRanges, outer.addressRanges)) return "addressRanges";
  if (!isAtMost(inner.executionCostMaxMicrousd, outer.executionCostMaxMicrousd)) {
    return "executionCostMaxMicrousd";
  }
  // Two keys could spend twice the daily ceiling, so a key with a ceiling can't make another.
  return outer.dayCostMaxMicrousd === null ? null : "dayCostMaxMicrousd";
}

function isAtMost(inner: number | null, outer: number | null): boolean {
  return outer === null || (inner !== null && inner <= outer);
}

function isSubset(inner: readonly string[] | null, outer: readonly string[] | null): boolean {
  return outer === null || (inner?.every((id) => outer.includes(id)) ?? false);
}

function isCovered(inner: readonly string[] | null, outer: readonly string[] | null): boolean {
  if (outer === null) return true;
  if (inner === null) return false;
  const outerRanges = outer.map(parseRange);
  return inner.every((text) => {
    const range = parseRange(text);
    return range !== null && outerRanges.some((one) => one !== null && covers(one, range));
  });
}
