/** Usage, and what it costs. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { monthlyBill } from "./bill.ts";
import { simulateDay } from "./day.ts";
import { productDay } from "./day-settings.ts";
import { sampleDemand } from "./demand.ts";
import { type PriceName, prices } from "./prices.ts";
import { idleMonth, idleTrialMonth, timesUsage, trialUsageOf, usageOf } from "./usage.ts";
import { daysPerMonth, happenedOn, times, typicalMonth } from "./usage-totals.ts";

const names = Object.keys(prices) as PriceName[];
const usage = fc.dictionary(
  fc.constantFrom(...names),
  fc.double({ min: 0, max: 1e9, noNaN: true }),
);

describe("monthlyBill()", () => {
  test("is the sum of its lines, none of them negative, and never less for more", () => {
    fc.assert(
      fc.property(usage, usage, (one, other) => {
        const bill = monthlyBill(one, other);
        const sum = bill.lines.reduce((total, line) => total + line.usd, 0);
        expect(bill.usd).toBeCloseTo(sum, 6);
        expect(bill.lines.every(({ usd, billed }) => usd >= 0 && billed >= 0)).toBe(true);
        expect(bill.usd).toBeGreaterThanOrEqual(monthlyBill(one).usd - 1e-6);
      }),
    );
  });

  test("charges only what is beyond the free part", () => {
    const { free, usd } = prices.jobCpu;
    expect(monthlyBill({ jobCpu: free }).usd).toBe(0);
    expect(monthlyBill({ jobCpu: free + 1_000_000 }).usd).toBeCloseTo(1_000_000 * usd, 6);
  });

  test("what is free is free once, however many deployments share the account", () => {
    const each = { logs: prices.logs.free };
    expect(monthlyBill(timesUsage(each, 3)).usd).toBeCloseTo(2 * each.logs * prices.logs.usd, 6);
  });
});

describe("usageOf()", { timeout: 60_000 }, () => {
  test("a container is billed for a minute at least", () => {
    const { jobCpu = 0 } = usageOf(typicalMonth(1_000));
    expect(jobCpu).toBeGreaterThan(60 * 1_000);
  });

  test("a deployment that nobody uses costs what stands there anyway", () => {
    expect(monthlyBill(idleMonth, usageOf(typicalMonth(0))).usd).toBe(monthlyBill(idleMonth).usd);
  });

  test("a trial that nobody uses costs a few dollars, and each execution what it costs elsewhere", () => {
    const idle = monthlyBill(idleTrialMonth, trialUsageOf(typicalMonth(0)));
    expect(idle.usd).toBe(monthlyBill(idleTrialMonth).usd);
    expect(idle.usd).toBeLessThan(6);
    const costly = idle.lines
      .map(({ name }) => name)
      .filter((name) => /armor|alance|forward/i.test(name));
    expect(costly).toEqual([]);
    const perExecution = (volume: number) => {
      const trial = monthlyBill(idleTrialMonth, trialUsageOf(typicalMonth(volume))).usd - idle.usd;
      const usual = monthlyBill(idleMonth, usageOf(typicalMonth(volume))).usd;
      return trial / (usual - monthlyBill(idleMonth).usd);
    };
    expect(perExecution(1_000_000)).toBeGreaterThan(1);
    expect(perExecution(1_000_000)).toBeLessThan(1.1);
  });

  test("the typical month is a month of simulated days", () => {
    const load = { executionsPerDay: 3_000, owners: 60, burst: 1, seed: 4 };
    const { tally, chargedMicrousd } = simulateDay(
      sampleDemand(load, { ownersEach: 1 }),
      productDay,
    );
    const simulated = times(happenedOn(tally, chargedMicrousd), { load: 1, time: daysPerMonth });
    const typical = typicalMonth(simulated.ends);
    const cost = (happened: typeof typical) => monthlyBill(usageOf(happened)).usd;
    expect(Math.abs(cost(simulated) / cost(typical) - 1)).toBeLessThan(0.05);
    expect(Math.abs(simulated.chargedMicrousd / typical.chargedMicrousd - 1)).toBeLessThan(0.05);
  });
});
