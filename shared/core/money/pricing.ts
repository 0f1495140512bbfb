/** Prices in integer micro-US-dollars (1 USD = 1,000,000). */
import type { Profile } from "../../protocol/job.ts";
import { assert } from "../assert.ts";

/**
 * Price per active minute. The public API prices its profiles at 0.2, 0.4, 0.75 and 1 compute token
 * a minute; at one US cent per token its three units agree.
 */
export const microusdPerMinute: Readonly<Record<Profile, number>> = {
  lite: 2_000,
  standard: 4_000,
  power: 7_500,
  desktop: 10_000,
};

/** Rounds up, so that a hold for the longest run covers every possible charge. */
export function computeCostMicrousd(profile: Profile, durationMs: number): number {
  assert(Number.isFinite(durationMs) && durationMs >= 0);
  return Math.ceil((microusdPerMinute[profile] * durationMs) / 60_000);
}

/**
 * The least time that an execution is charged for once a container was asked for. The platform
 * bills a minute for each container; a third of that is charged (ADR 33).
 */
export const billedMsMin = 20_000;

/**
 * The cost of an execution that took `durationMs` of `wallClockMs`, at least the minimum charge.
 */
export function executionCostMicrousd(
  { profile, wallClockMs }: { readonly profile: Profile; readonly wallClockMs: number },
  durationMs: number,
): number {
  const billedMs = Math.min(Math.max(durationMs, billedMsMin), wallClockMs);
  return computeCostMicrousd(profile, billedMs);
}

/** Converts micro-dollars to the decimal US dollars that the API shows. */
export function dollars(microusd: number): number {
  return microusd / 1_000_000;
}

/** @throws {AssertionError} unless `usd` is a number of whole micro-dollars. */
export function microusd(usd: number): number {
  const amount = Math.round(usd * 1_000_000);
  assert(Number.isSafeInteger(amount));
  return amount;
}
