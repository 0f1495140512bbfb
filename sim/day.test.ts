// @module-tag slow
/**
 * Checks the model against laws that hold for any: nothing is lost, money adds up, Little's law;
 * and its queues against closed forms.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { heldMicrousd } from "#shared/core/money/account";
import { executionCostMicrousd } from "#shared/core/money/pricing";
import { isLong, isTurn } from "../test/kit/shard.ts";
import { type DayResult, simulateDay } from "./day.ts";
import { type DaySettings, partOf, productDay } from "./day-settings.ts";
import { type Arrival, type Demand, dayMs, midnight, sampleDemand } from "./demand.ts";
import { creditedMicrousd } from "./owner-state.ts";
import { Random } from "./random.ts";

function expectLawful({ tally, lanes, chargedMicrousd }: DayResult): void {
  expect(tally.lost).toBe(0);
  const left = [tally.deciding, tally.queued, tally.starting, tally.running, tally.streams];
  expect(left.map(({ count }) => count)).toEqual([0, 0, 0, 0, 0]);
  expect(tally.arrived).toBe(tally.refusedCount + tally.givenUp + tally.started);
  expect(tally.started).toBe(tally.ended);
  let spentMicrousd = 0;
  for (const { account } of lanes) {
    expect(heldMicrousd(account)).toBe(0);
    expect(account.balanceMicrousd + account.spentMicrousd).toBe(creditedMicrousd);
    spentMicrousd += account.spentMicrousd;
  }
  expect(chargedMicrousd).toBe(spentMicrousd);
  // Little's law for this sample: the sum of the waiting times is the queue's area.
  const waitedMs = tally.waitsMs.reduce((sum, ms) => sum + ms, 0);
  const areaMs = tally.deciding.areaMs + tally.queued.areaMs + tally.starting.areaMs;
  if (tally.givenUp + tally.refusedCount === 0) {
    expect(Math.abs(areaMs - waitedMs)).toBeLessThanOrEqual(1e-6 * areaMs + 1);
  } else expect(areaMs).toBeGreaterThanOrEqual(waitedMs - 1);
}

const small: DaySettings = {
  ...productDay,
  room: { callsMax: 5, windowMs: 60_000, runningMax: 4 },
  limits: {
    ...productDay.limits,
    timing: { ...productDay.limits.timing, queuedMsMax: 600_000 },
  },
};

describe("for any load and any room", { timeout: 60_000 }, () => {
  test("nothing is lost, money adds up, and waiting is the queue's length over time", () => {
    const load = fc.record({
      executionsPerDay: fc.integer({ min: 1, max: 600 }),
      owners: fc.integer({ min: 1, max: 20 }),
      burst: fc.integer({ min: 1, max: 200 }),
      seed: fc.integer({ min: 1, max: 1_000_000 }),
    });
    const room = fc.record({
      callsMax: fc.integer({ min: 1, max: 50 }),
      windowMs: fc.constantFrom(1, 1_000, 60_000),
      runningMax: fc.integer({ min: 1, max: 50 }),
    });
    fc.assert(
      fc.property(load, room, (settings, room) => {
        expectLawful(simulateDay(sampleDemand(settings, { ownersEach: 1 }), { ...small, room }));
      }),
      { numRuns: isLong ? 200 : 12 },
    );
  });

  test("an execution that waits too long is given up without a charge", () => {
    const room = { callsMax: 1, windowMs: 300_000, runningMax: 1 };
    const demand = sampleDemand(
      { executionsPerDay: 900, owners: 10, burst: 1, seed: 3 },
      { ownersEach: 1 },
    );
    const day = simulateDay(demand, { ...small, room });
    expect(day.tally.givenUp).toBeGreaterThan(100);
    expectLawful(day);
  });

  test("one owner's crowd delays another by a place, not by the crowd", () => {
    const at = (ownerIndex: number, count: number, ms: number): Arrival[] =>
      Array.from({ length: count }, () => ({
        ...work,
        at: midnight + 3_600_000 + ms,
        ownerIndex,
        durationMs: 30_000,
      }));
    const owners = [
      { id: "user_0", perDay: 100_000 },
      { id: "user_1", perDay: 1 },
    ];
    const arrivals = [...at(0, 100, 0), ...at(1, 1, 1_000)];
    const { tally } = simulateDay({ owners, arrivals }, { ...small, limitsFactor: 100 });
    expect(tally.refusedCount).toBe(0);
    const before = tally.claimedOwners.indexOf(1);
    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThan(15);
  });
});

const work = { profile: "lite", startUpMs: 0, hasSecrets: false } as const;

test.each([1, 4])(
  "the outbox starts one after another, 136 a minute; 1/%s of one, that part",
  (parts) => {
    const at = midnight + 3_600_000;
    const arrivals = Array.from({ length: 400 }, () => ({
      ...work,
      at,
      ownerIndex: 0,
      durationMs: 1,
    }));
    const owners = [{ id: "user_0", perDay: 1e9 }];
    const room = { callsMax: 1, windowMs: 1, runningMax: 1_000 };
    const lane = { ...productDay.lane, changesMax: 1_000 };
    const settings = partOf({ ...productDay, room, lane, limitsFactor: 1 }, parts);
    const { tally } = simulateDay({ owners, arrivals }, settings);
    const perMinute = tally.sweepDispatches.peak() * parts;
    expect(perMinute).toBeGreaterThan(130);
    expect(perMinute).toBeLessThanOrEqual(140);
  },
);
/** How long a free place waits until a sweep fills it. */
const sweepMs = 500;
/** One owner without limits, served at once by any free server. */
const bare: DaySettings = {
  ...productDay,
  lane: { ...productDay.lane, commitMs: 0, commitsPerSecondMax: 1e9, changesMax: 1_000 },
  outbox: {
    everyMs: sweepMs,
    dueMax: 10_000,
    sweepingMsMax: 1e9,
    itemMs: 0,
    giveUpMs: 0,
    atOnce: 1,
  },
  runJobMs: 0,
  savingMs: 0,
  standBackMs: 0,
  limits: {
    ...productDay.limits,
    timing: { ...productDay.limits.timing, queuedMsMax: dayMs },
    executions: { max: 10_000_000, windowMs: 60_000 },
  },
};

/** Poisson arrivals, a day of them. */
function poisson(
  rate: { readonly perSecond: number; readonly durationMs: (random: Random) => number },
  seed: number,
): Demand {
  const random = new Random(seed);
  const arrivals: Arrival[] = [];
  for (let at = 0; at < dayMs; at += random.exponential(1_000 / rate.perSecond)) {
    const durationMs = rate.durationMs(random);
    arrivals.push({ ...work, at: midnight + at, ownerIndex: 0, durationMs });
  }
  return { owners: [{ id: "user_0", perDay: 1e9 }], arrivals };
}

function meanWaitMs(demand: Demand, room: DaySettings["room"]): number {
  const { tally } = simulateDay(demand, { ...bare, room });
  expect(tally.refusedCount).toBe(0);
  return tally.waitsMs.reduce((sum, ms) => sum + ms, 0) / tally.waitsMs.length;
}

/** Erlang's C: the probability of waiting for one of `servers`, at `load` of them. */
function erlangC(servers: number, load: number): number {
  let blocked = 1;
  for (let n = 1; n <= servers; n += 1) blocked = (load * blocked) / (n + load * blocked);
  return blocked / (1 - (load / servers) * (1 - blocked));
}

/** The mean waiting time for the first free one of `servers`, one request after another. */
function kieferWolfowitz({ arrivals }: Demand, servers: number): number {
  const freeAt = Array.from({ length: servers }, () => 0);
  let waitedMs = 0;
  for (const { at, durationMs } of arrivals) {
    freeAt.sort((a, b) => a - b);
    const begins = Math.max(at, freeAt[0] ?? 0);
    waitedMs += begins - at;
    freeAt[0] = begins + durationMs;
  }
  return waitedMs / arrivals.length;
}

const unlimited = { callsMax: 1_000_000, windowMs: 1, runningMax: 1_000_000 };

describe("against closed forms", { timeout: 60_000 }, () => {
  test.runIf(isTurn(0, 3))(
    "places of the platform: M/M/c, Erlang's C, and each wait by a recursion",
    () => {
      const [servers, serviceMs, load] = [8, 30_000, 5.6];
      const durationMs = (random: Random) => random.exponential(serviceMs);
      const rate = { perSecond: (load / serviceMs) * 1_000, durationMs };
      const demand = poisson(rate, 21);
      const measured = meanWaitMs(demand, { ...unlimited, runningMax: servers });
      const recursed = kieferWolfowitz(demand, servers);
      expect(measured).toBeGreaterThan(recursed);
      expect(measured - recursed, "half a sweep for each that waits").toBeLessThan(sweepMs);
      // A day is too short for the closed form; forty days are enough, but take seconds.
      if (!isLong) return;
      const days = Array.from({ length: 40 }, (_, day) =>
        kieferWolfowitz(poisson(rate, day), servers),
      );
      const mean = days.reduce((sum, ms) => sum + ms, 0) / days.length;
      const expected = (erlangC(servers, load) * serviceMs) / (servers - load);
      expect(Math.abs(mean / expected - 1)).toBeLessThan(0.04);
    },
  );

  test.runIf(isTurn(1, 3))("calls in a window: M/D/1, Pollaczek and Khinchine", () => {
    const [windowMs, load] = [10_000, 0.7];
    const rate = { perSecond: (load / windowMs) * 1_000, durationMs: () => 1 };
    const room = { ...unlimited, callsMax: 1, windowMs };
    const expected = (load * windowMs) / (2 * (1 - load)) + (load * sweepMs) / 2;
    expect(Math.abs(meanWaitMs(poisson(rate, 2), room) / expected - 1)).toBeLessThan(0.1);
  });

  test.runIf(isTurn(2, 3))(
    "with room for everybody, as many run as arrive in a run's length: M/G/∞",
    () => {
      const rate = { perSecond: 0.1, durationMs: (random: Random) => random.unit() * 200_000 };
      const { tally } = simulateDay(poisson(rate, 5), { ...bare, room: unlimited });
      expect(Math.abs(tally.running.areaMs / dayMs / 10 - 1)).toBeLessThan(0.04);
    },
  );

  test.runIf(isTurn(0, 3))("a part of a region is a picture of the whole", () => {
    const load = { executionsPerDay: 9_000, owners: 400, burst: 20, seed: 2 };
    const region = { ...productDay, room: { callsMax: 8, windowMs: 60_000, runningMax: 1_000 } };
    const whole = simulateDay(sampleDemand(load, { ownersEach: 1 }), region).tally;
    const part = simulateDay(sampleDemand(load, { ownersEach: 4 }), partOf(region, 4)).tally;
    expect(Math.abs((part.started * 4) / whole.started - 1)).toBeLessThan(0.06);
    expect(part.waiting.areaMs * 4).toBeGreaterThan(0.5 * whole.waiting.areaMs);
    expect(part.waiting.areaMs * 4).toBeLessThan(2 * whole.waiting.areaMs);
  });

  test.runIf(isTurn(1, 3))("what is charged is what the work costs, to the micro-dollar", () => {
    const rate = { perSecond: 0.01, durationMs: (random: Random) => random.unit() * 500_000 };
    const demand = poisson(rate, 6);
    const { chargedMicrousd, tally } = simulateDay(demand, { ...bare, room: unlimited });
    const cost = demand.arrivals.map(({ durationMs }) =>
      executionCostMicrousd({ profile: "lite", wallClockMs: 600_000 }, durationMs),
    );
    expect(chargedMicrousd).toBe(cost.reduce((sum, amount) => sum + amount, 0));
    expect(tally.renewals).toBeGreaterThan(100);
  });
});
