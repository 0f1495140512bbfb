/** Prices in integer micro-US-dollars (1 USD = 1,000,000). */
import type { Profile } from "../../protocol/job.ts";
import { assert } from "../assert.ts";

/**
 * Per active minute. The public API prices its profiles at 0.2, 0.4, 0.75 and 1 compute token a
 * minute, and a compute token is taken for one US cent, which makes its three unit systems agree.
 */
export const microusdPerMinute: Readonly<Record<Profile, number>> = {
  lite: 2_000,
  standard: 4_000,
  power: 7_500,
  desktop: 10_000,
};

/** Rounds up, so that a hold for the longest run covers every charge that can settle it. */
export function computeCostMicrousd(profile: Profile, durationMs: number): number {
  assert(Number.isFinite(durationMs) && durationMs >= 0);
  return Math.ceil((microusdPerMinute[profile] * durationMs) / 60_000);
}

/**
 * What an execution is charged for at least once a container was asked for. The platform bills a
 * minute of each, however soon it ends; a third of that is charged (ADR 33).
 */
export const billedMsMin = 20_000;

/** What an execution costs that took `durationMs` of `wallClockMs`, with the least charge. */
export function executionCostMicrousd(
  { profile, wallClockMs }: { readonly profile: Profile; readonly wallClockMs: number },
  durationMs: number,
): number {
  const billedMs = Math.min(Math.max(durationMs, billedMsMin), wallClockMs);
  return computeCostMicrousd(profile, billedMs);
}

/** Micro-dollars as the API shows them: decimal US dollars. */
export function dollars(microusd: number): number {
  return microusd / 1_000_000;
}

/** @throws {AssertionError} unless `usd` is a number of whole micro-dollars. */
export function microusd(usd: number): number {
  const amount = Math.round(usd * 1_000_000);
  assert(Number.isSafeInteger(amount));
  return amount;
}
