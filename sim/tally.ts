/** What happened on a simulated day, counted as it happens. */
import type { Profile } from "#shared/protocol/job";
import { midnight } from "./demand.ts";

const minuteMs = 60_000;

/** One number per minute; minutes after the end of the day are added. */
export class PerMinute {
  readonly values: number[] = [];

  add(time: number, amount: number): void {
    this.addToMinute(minuteOf(time), amount);
  }

  addToMinute(minute: number, amount: number): void {
    while (this.values.length <= minute) this.values.push(0);
    this.values[minute] = (this.values[minute] ?? 0) + amount;
  }

  atLeast(time: number, level: number): void {
    const minute = minuteOf(time);
    this.addToMinute(minute, 0);
    this.values[minute] = Math.max(this.values[minute] ?? 0, level);
  }

  of(minute: number): number {
    return this.values[minute] ?? 0;
  }

  peak(): number {
    return this.values.reduce((most, value) => Math.max(most, value), 0);
  }

  /** Minutes after midnight; null if `limit` is never reached. */
  firstAt(limit: number): number | null {
    const minute = this.values.findIndex((value) => value >= limit);
    return minute < 0 ? null : minute;
  }

  /** The mean over this many minutes, at the last of them. */
  smoothed(minutes: number): PerMinute {
    const means = new PerMinute();
    let sum = 0;
    this.values.forEach((value, minute) => {
      sum += value - this.of(minute - minutes);
      means.values.push(sum / minutes);
    });
    return means;
  }
}

function minuteOf(time: number): number {
  return Math.max(0, Math.floor((time - midnight) / minuteMs));
}

/** How many are in a state, and how long they were in each minute, in executions × ms. */
export class Level {
  count = 0;
  readonly #areaMs = new PerMinute();
  #since = midnight;

  change(time: number, change: number): void {
    while (this.#since < time) {
      const minute = minuteOf(this.#since);
      const until = Math.min(time, midnight + (minute + 1) * minuteMs);
      this.#areaMs.addToMinute(minute, this.count * (until - this.#since));
      this.#since = until;
    }
    this.count += change;
  }

  get areaMs(): number {
    return this.#areaMs.values.reduce((sum, area) => sum + area, 0);
  }

  /** The average number in each minute. */
  get perMinute(): PerMinute {
    const means = new PerMinute();
    for (const area of this.#areaMs.values) means.values.push(area / minuteMs);
    return means;
  }
}

export const refusals = [
  "RATE_LIMITED",
  "CONCURRENCY_LIMITED",
  "KEY_SHARE_LIMITED",
  "KEYS_LIMITED",
  "INSUFFICIENT_BUDGET",
  "BUDGET_LIMIT_DAILY",
  "BUDGET_LIMIT_MONTHLY",
  "BUDGET_LIMIT_KEY",
  "CONTENTION",
] as const;
export type StartRefusal = (typeof refusals)[number];

export class Tally {
  arrived = 0;
  started = 0;
  ended = 0;
  /** Ended without a charge, after waiting for the platform longer than the product allows. */
  givenUp = 0;
  readonly refused = new Map<StartRefusal, number>();
  /** Requested from the account, and not yet answered. */
  readonly deciding = new Level();
  /** Granted, and not yet accepted by RunJob. */
  readonly queued = new Level();
  /** Those of them that were refused for lack of room and wait for the outbox. */
  readonly waiting = new Level();
  readonly starting = new Level();
  readonly running = new Level();
  /** Executions that take one of the platform's places: starting or running. */
  readonly places = new Level();
  /** Answers that are being streamed. */
  readonly streams = new Level();
  /** Times from the request to the claim, in ms. */
  readonly waitsMs: number[] = [];
  /** The owner of each claimed execution, in order. */
  readonly claimedOwners: number[] = [];
  /** When RunJob was first refused for lack of calls, or of places; epoch ms. */
  readonly firstFull: { calls: number | null; running: number | null } = {
    calls: null,
    running: null,
  };
  readonly arrivals = new PerMinute();
  readonly runJobCalls = new PerMinute();
  readonly sweepDispatches = new PerMinute();
  readonly kmsCalls = new PerMinute();
  readonly indexWrites = new PerMinute();
  readonly gatewayRequests = new PerMinute();
  /** Commits of the owner that makes the most in each minute. */
  readonly hottestCommits = new PerMinute();
  readonly edgeRequests = new PerMinute();
  readonly endings = new PerMinute();
  runMs = 0;
  streamMs = 0;
  secretsOpened = 0;
  heartbeats = 0;
  renewals = 0;
  stoppedForMoney = 0;
  eventBatches = 0;
  sweeps = 0;
  sweepReads = 0;
  dispatchAttempts = 0;
  readonly billedMs: Record<Profile, number> = { lite: 0, standard: 0, power: 0, desktop: 0 };

  refuse(why: StartRefusal): void {
    this.refused.set(why, (this.refused.get(why) ?? 0) + 1);
  }

  get refusedCount(): number {
    return [...this.refused.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Arrivals that are unaccounted for; not zero means that the simulation is wrong. */
  get lost(): number {
    const { deciding, queued, starting, running } = this;
    const under = deciding.count + queued.count + starting.count + running.count;
    return this.arrived - this.refusedCount - this.givenUp - this.ended - under;
  }
}
