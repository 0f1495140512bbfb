/** One scale of load: a sample that is played, and what follows for the whole. */
import { percentile } from "../bench/statistics.ts";
import { type Bill, monthlyBill } from "./bill.ts";
import { simulateDay } from "./day.ts";
import { type DaySettings, partOf, productDay } from "./day-settings.ts";
import { type DemandSettings, harmonic, hottestOwner, sampleDemand } from "./demand.ts";
import { type QuotaUse, quotaUses } from "./quota-uses.ts";
import type { StartRefusal, Tally } from "./tally.ts";
import { idleMonth, timesUsage, usageOf } from "./usage.ts";
import { daysPerMonth, happenedOn, times } from "./usage-totals.ts";

export interface Scenario extends DemandSettings {
  /** Regions side by side, each its own deployment; an owner belongs to one of them. */
  readonly regions: number;
}

/** Counts for the whole day and all regions, extrapolated from a sample. */
export interface ScaleResult {
  readonly scenario: Scenario;
  /** How many executions each simulated one represents. */
  readonly standsFor: number;
  readonly arrived: number;
  readonly started: number;
  readonly givenUp: number;
  readonly refused: Readonly<Partial<Record<StartRefusal, number>>>;
  /** Waiting times of executions that started. */
  readonly waitMs: { readonly p50: number | null; readonly p99: number | null };
  /** The share of granted executions, whether or not they started. */
  readonly startedWithinMinuteShare: number | null;
  readonly queue: { readonly most: number; readonly atMidnight: number };
  readonly quotas: readonly QuotaUse[];
  readonly firstBreak: QuotaUse | null;
  /** How many were sent in each hour, and the largest number that waited for room. */
  readonly hours: readonly { readonly sent: number; readonly queuedMax: number }[];
  /** What owners were charged. */
  readonly chargedUsd: number;
  /** The bill for a month of such days. */
  readonly bill: Bill;
  /** The cost of one day. */
  readonly costUsd: number;
}

/** The most that are played; beyond that, a sample represents them. */
const simulatedMax = 12_000;
/** The most for the largest owner; sending more would exceed an account's limits anyway. */
const hottestMax = 6_000;

export function simulateScale(scenario: Scenario, region: DaySettings = productDay): ScaleResult {
  const { executionsPerDay, regions } = scenario;
  const parts = Math.max(1, executionsPerDay / regions / simulatedMax);
  const standsFor = parts * regions;
  const demand = sampleDemand(scenario, { ownersEach: standsFor });
  const day = simulateDay(demand, partOf(region, parts));
  const { tally } = day;
  const whole = (count: number) => Math.round(count * standsFor);
  const uses = quotaUses(region, { tally, parts }, hottestOf(scenario, region));
  const met = uses.filter((use) => use.firstAtMinute !== null);
  const [first] = met.toSorted((a, b) => Number(a.firstAtMinute) - Number(b.firstAtMinute));
  const month = times(happenedOn(tally, day.chargedMicrousd), { load: parts, time: daysPerMonth });
  const bill = monthlyBill(timesUsage(usageOf(month), regions), timesUsage(idleMonth, regions));
  return {
    scenario,
    standsFor,
    arrived: whole(tally.arrived),
    started: whole(tally.started),
    givenUp: whole(tally.givenUp),
    refused: Object.fromEntries([...tally.refused].map(([why, count]) => [why, whole(count)])),
    waitMs: { p50: shareOf(tally.waitsMs, 0.5), p99: shareOf(tally.waitsMs, 0.99) },
    startedWithinMinuteShare: withinMinute(tally),
    queue: {
      most: whole(tally.waiting.perMinute.peak()),
      atMidnight: whole(day.queuedAtMidnight),
    },
    quotas: uses,
    firstBreak: first ?? null,
    hours: hoursOf(tally, standsFor),
    chargedUsd: (day.chargedMicrousd / 1e6) * standsFor,
    bill,
    costUsd: bill.usd / daysPerMonth,
  };
}

/** The largest owner with enough room for everybody: the load on a single account. */
function hottestOf(scenario: Scenario, region: DaySettings) {
  const demand = hottestOwner(scenario, hottestMax);
  const room = { callsMax: 1_000_000, windowMs: 1, runningMax: 1_000_000 };
  const { tally } = simulateDay(demand, { ...region, room });
  const perDay = scenario.executionsPerDay / harmonic(scenario.owners);
  return { tally, parts: Math.max(1, perDay / hottestMax) };
}

function shareOf(values: readonly number[], share: number): number | null {
  return values.length === 0 ? null : percentile(values, share);
}

function withinMinute({ waitsMs, ended, givenUp }: Tally): number | null {
  const granted = ended + givenUp;
  if (granted === 0) return null;
  return waitsMs.filter((ms) => ms <= 60_000).length / granted;
}

function hoursOf(tally: Tally, standsFor: number): ScaleResult["hours"] {
  const waiting = tally.waiting.perMinute;
  return Array.from({ length: 24 }, (_, hour) => {
    const minutes = Array.from({ length: 60 }, (_, minute) => hour * 60 + minute);
    const sent = minutes.reduce((sum, minute) => sum + tally.arrivals.of(minute), 0);
    const queued = minutes.map((minute) => waiting.of(minute));
    return {
      sent: Math.round(sent * standsFor),
      queuedMax: Math.round(Math.max(...queued) * standsFor),
    };
  });
}
