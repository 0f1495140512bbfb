/** Tells what goes on after an incident was closed from what was known when it was. Pure. */
import { hourMs } from "../retention/periods.ts";
import type { Finding } from "./detection.ts";
import type { Detector } from "./signals.ts";

/** Detectors that count a UTC day; the others count the hour before a signal, or nothing. */
const ofWholeDay: ReadonlySet<Detector> = new Set(["spending", "downloads"]);

/**
 * Whether a finding is about more than what was known when the incident was closed: it has twice
 * the amount, or happened when nothing of before counts any more. A day's amount has what was
 * known in it until the day ends.
 */
export function goesOn(
  { amount: knownAmount, closedAt }: { readonly amount: number; readonly closedAt: number | null },
  { detector, amount, at }: Pick<Finding, "detector" | "amount" | "at">,
): boolean {
  const sinceMs = at - (closedAt ?? 0);
  if (sinceMs <= 0) return false;
  return amount >= 2 * knownAmount || (!ofWholeDay.has(detector) && sinceMs >= hourMs);
}
