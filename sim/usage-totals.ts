/** Totals of what costs money, on a simulated day or in a typical month. */
import { DeploymentLimits } from "#shared/core/limits/deployment-limits";
import { executionCostMicrousd } from "#shared/core/money/pricing";
import { firstSliceMicrousd } from "#shared/core/money/slices";
import type { Profile } from "#shared/protocol/job";
import { durations, habits } from "./assumptions.ts";
import { type Work, workOf } from "./demand.ts";
import { nextRenewalMs } from "./owner-state.ts";
import { Random } from "./random.ts";
import type { Tally } from "./tally.ts";

export interface Happened {
  /** The time it happened in, in seconds. */
  readonly seconds: number;
  /** Messages that were sent, including refused ones. */
  readonly requests: number;
  readonly granted: number;
  readonly claims: number;
  readonly ends: number;
  readonly heartbeats: number;
  readonly renewals: number;
  readonly eventBatches: number;
  readonly secretsOpened: number;
  readonly dispatchAttempts: number;
  readonly sweepReads: number;
  readonly streamMs: number;
  readonly chargedMicrousd: number;
  readonly billedMs: Readonly<Record<Profile, number>>;
}

export const daysPerMonth = 30.4;

export function happenedOn(tally: Tally, chargedMicrousd: number): Happened {
  const { arrived, started, ended, givenUp, heartbeats, renewals, eventBatches } = tally;
  const { secretsOpened, dispatchAttempts, sweepReads, streamMs, billedMs } = tally;
  return {
    seconds: 86_400,
    requests: arrived,
    granted: ended + givenUp,
    claims: started,
    ends: ended + givenUp,
    heartbeats,
    renewals,
    eventBatches,
    secretsOpened,
    dispatchAttempts,
    sweepReads,
    streamMs,
    chargedMicrousd,
    billedMs,
  };
}

/** The totals multiplied by a factor for the load and one for the time. */
export function times(
  happened: Happened,
  factors: { readonly load: number; readonly time: number },
): Happened {
  const { seconds, billedMs, ...counts } = happened;
  const factor = factors.load * factors.time;
  const grown = Object.entries(counts).map(([name, count]) => [name, count * factor] as const);
  const { lite, standard, power, desktop } = billedMs;
  return {
    ...(Object.fromEntries(grown) as typeof counts),
    seconds: seconds * factors.time,
    billedMs: {
      lite: lite * factor,
      standard: standard * factor,
      power: power * factor,
      desktop: desktop * factor,
    },
  };
}

const sampled = 20_000;
const limits = DeploymentLimits.parse({});

/** A month of typical executions: the mean of the simulation's own, none refused. */
export function typicalMonth(executions: number): Happened {
  const random = new Random(1);
  const billedMs: Record<Profile, number> = { lite: 0, standard: 0, power: 0, desktop: 0 };
  const sum = { heartbeats: 0, renewals: 0, batches: 0, secrets: 0, streamMs: 0, charged: 0 };
  for (let left = sampled; left > 0; left -= 1) {
    const work = workOf(random);
    const usedMs = usedBy(work);
    billedMs[work.profile] += Math.max(usedMs, durations.billedMsMin.value);
    sum.heartbeats += Math.floor(usedMs / limits.timing.heartbeatIntervalMs);
    sum.renewals += renews(work) ? 1 : 0;
    sum.batches += eventBatchesOf(usedMs);
    sum.secrets += work.hasSecrets ? 1 : 0;
    sum.streamMs += usedMs + work.startUpMs + durations.runJobMs.value;
    sum.charged += executionCostMicrousd(
      { profile: work.profile, wallClockMs: limits.wallClockMs },
      usedMs,
    );
  }
  const all: Happened = {
    seconds: 86_400 * daysPerMonth,
    requests: sampled,
    granted: sampled,
    claims: sampled,
    ends: sampled,
    heartbeats: sum.heartbeats,
    renewals: sum.renewals,
    eventBatches: sum.batches,
    secretsOpened: sum.secrets,
    dispatchAttempts: sampled,
    sweepReads: 0,
    streamMs: sum.streamMs,
    chargedMicrousd: sum.charged,
    billedMs,
  };
  return times(all, { load: executions / sampled, time: 1 });
}

export function eventBatchesOf(usedMs: number): number {
  return Math.max(2, Math.round((usedMs / 1_000) * habits.eventBatchesPerSecond.value));
}

function usedBy({ durationMs }: Work): number {
  return Math.min(durationMs + durations.savingMs.value, limits.wallClockMs);
}

function renews(work: Work): boolean {
  const metered = { profile: work.profile, wallClockMs: limits.wallClockMs };
  const heldMicrousd = firstSliceMicrousd(metered, limits.slices);
  const from = { elapsedMs: 0, heldMicrousd, untilMs: usedBy(work) };
  return nextRenewalMs(metered, from, limits) !== null;
}
