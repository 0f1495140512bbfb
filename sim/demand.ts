/** Who sends what and when: a day of owners of very different sizes, with day, night and bursts. */
import type { Profile } from "#shared/protocol/job";
import { durations, habits } from "./assumptions.ts";
import { Random } from "./random.ts";

export const dayMs = 86_400_000;
/** Any day will do; daily caps and windows are counted in it. */
export const midnight = Date.UTC(2026, 10, 23);

export interface Arrival {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly ownerIndex: number;
  readonly profile: Profile;
  /** How long the command takes after the claim. */
  readonly durationMs: number;
  /** Time from RunJob's answer to the claim. */
  readonly startUpMs: number;
  readonly hasSecrets: boolean;
}

export interface OwnerDemand {
  readonly id: string;
  /** Executions per day, on average. */
  readonly perDay: number;
}

export interface Demand {
  readonly owners: readonly OwnerDemand[];
  /** In order of time. */
  readonly arrivals: readonly Arrival[];
}

export interface DemandSettings {
  readonly executionsPerDay: number;
  readonly owners: number;
  /** The factor by which an owner's rate rises during a burst. */
  readonly burst: number;
  readonly seed: number;
}

/** A part of the owners that represents all of them. */
export interface Sample {
  /** How many owners each simulated one represents. */
  readonly ownersEach: number;
}

/**
 * A sample of the day. Owners' sizes follow Zipf's law: the r-th sends 1/r of what the first does.
 * Each simulated owner is the mean of the `ownersEach` neighbours it represents, so that on average
 * the sample sends exactly its part of the whole.
 */
export function sampleDemand(settings: DemandSettings, { ownersEach }: Sample): Demand {
  const { executionsPerDay, owners: ownersCount } = settings;
  const total = harmonic(ownersCount);
  const owners: OwnerDemand[] = [];
  for (let first = 0; first < ownersCount; first += ownersEach) {
    const last = Math.min(ownersCount, first + ownersEach);
    const share = (harmonic(last) - harmonic(first)) / total / ownersEach;
    owners.push({ id: `user_${owners.length}`, perDay: executionsPerDay * share });
  }
  return { owners, arrivals: arrivalsOf(owners, settings) };
}

/** The largest owner alone; one that sends more than `perDayMax` is cut to that. */
export function hottestOwner(settings: DemandSettings, perDayMax: number): Demand {
  const perDay = Math.min(perDayMax, settings.executionsPerDay / harmonic(settings.owners));
  const owners = [{ id: "user_0", perDay }];
  return { owners, arrivals: arrivalsOf(owners, settings) };
}

function arrivalsOf(owners: readonly OwnerDemand[], settings: DemandSettings): readonly Arrival[] {
  const arrivals: Arrival[] = [];
  owners.forEach(({ perDay }, ownerIndex) => {
    // Each owner has its own generator, so that its day doesn't depend on the other owners.
    const random = new Random(Math.imul(settings.seed, 0x9e37_79b1) ^ Math.imul(ownerIndex, 97));
    const bursts = burstsOf(random, settings.burst);
    for (let left = random.poisson(perDay); left > 0; left -= 1) {
      const at = midnight + Math.min(dayMs - 1, momentOf(random, bursts));
      arrivals.push({ at, ownerIndex, ...workOf(random) });
    }
  });
  return arrivals.sort((a, b) => a.at - b.at || a.ownerIndex - b.ownerIndex);
}

export type Work = Omit<Arrival, "at" | "ownerIndex">;

export function workOf(random: Random): Work {
  const percent = random.unit() * 100;
  const { litePercent, standardPercent, secretsPercent } = habits;
  const isStandard = percent < litePercent.value + standardPercent.value;
  const work = { median: habits.runMs.value, sigma: habits.runSigma.value };
  const startUp = { median: durations.startUpMs.value, sigma: durations.startUpSigma.value };
  return {
    profile: percent < litePercent.value ? "lite" : isStandard ? "standard" : "power",
    durationMs: random.logNormal(work),
    startUpMs: random.logNormal(startUp),
    hasSecrets: random.unit() * 100 < secretsPercent.value,
  };
}

interface Bursts {
  /** When each burst begins, in ms after midnight. */
  readonly beginnings: readonly number[];
  /** The share of everything it sends that falls into bursts. */
  readonly share: number;
}

/** During a burst the rate is `burst` times the rate outside of it. */
function burstsOf(random: Random, burst: number): Bursts {
  const count = random.poisson(habits.burstsPerDay.value);
  const beginnings = Array.from({ length: count }, () => random.unit() * dayMs);
  const time = (count * habits.burstMs.value) / dayMs;
  return { beginnings, share: (burst * time) / (1 + (burst - 1) * time) };
}

function momentOf(random: Random, { beginnings, share }: Bursts): number {
  const chosen = random.unit();
  if (chosen < share) {
    return (
      (beginnings[random.below(beginnings.length)] ?? 0) + random.unit() * habits.burstMs.value
    );
  }
  const moment = byDayAndNight(random);
  const onTheHour = random.unit() * 100 < habits.onTheHourPercent.value;
  if (!onTheHour) return moment;
  return Math.floor(moment / 3_600_000) * 3_600_000 + random.unit() * 60_000;
}

/** A cosine between the quietest and the busiest hour. */
function byDayAndNight(random: Random): number {
  const { dayToNightRatio, busiestHour } = habits;
  const swing = (dayToNightRatio.value - 1) / (dayToNightRatio.value + 1);
  const busiestMs = (busiestHour.value + 0.5) * 3_600_000;
  for (;;) {
    const moment = random.unit() * dayMs;
    const rate = 1 + swing * Math.cos((2 * Math.PI * (moment - busiestMs)) / dayMs);
    if (random.unit() * (1 + swing) < rate) return moment;
  }
}

/** 1 + 1/2 + … + 1/n; interpolated linearly between whole numbers. */
export function harmonic(n: number): number {
  const whole = Math.floor(n);
  const rest = (n - whole) / (whole + 1);
  if (whole > 100) {
    const euler = 0.577_215_664_901_532_9;
    return Math.log(whole) + euler + 1 / (2 * whole) - 1 / (12 * whole ** 2) + rest;
  }
  let sum = rest;
  for (let term = 1; term <= whole; term += 1) sum += 1 / term;
  return sum;
}
