/** Who sends what and when, and how much of it. */
import { describe, expect, test } from "vitest";
import { type Demand, dayMs, harmonic, midnight, sampleDemand } from "./demand.ts";

const settings = { executionsPerDay: 20_000, owners: 500, burst: 20, seed: 7 };
const whole = { ownersEach: 1 };

const hourOf = ({ at }: Demand["arrivals"][number]) => Math.floor((at - midnight) / 3_600_000);
function perHour({ arrivals }: Demand): readonly number[] {
  const counts = Array.from({ length: 24 }, () => 0);
  for (const arrival of arrivals) counts[hourOf(arrival)] = (counts[hourOf(arrival)] ?? 0) + 1;
  return counts;
}

describe("sampleDemand()", () => {
  test("is the same for the same seed, and another for another", () => {
    const again = sampleDemand(settings, whole);
    expect(sampleDemand(settings, whole)).toEqual(again);
    expect(sampleDemand({ ...settings, seed: 8 }, whole)).not.toEqual(again);
  });

  test("sends as many as it is told to, within four deviations, on the day and in order", () => {
    const { arrivals } = sampleDemand(settings, whole);
    const expected = settings.executionsPerDay;
    expect(Math.abs(arrivals.length - expected)).toBeLessThan(4 * Math.sqrt(expected));
    expect(arrivals.every(({ at }) => at >= midnight && at < midnight + dayMs)).toBe(true);
    expect(arrivals.every(({ at }, i) => at >= (arrivals[i - 1]?.at ?? 0))).toBe(true);
  });

  test.each([1, 3, 10.5, 499])("a part of 1/%s of the owners sends that part", (ownersEach) => {
    const { owners } = sampleDemand(settings, { ownersEach });
    const perDay = owners.reduce((sum, owner) => sum + owner.perDay, 0);
    expect(perDay * ownersEach).toBeCloseTo(settings.executionsPerDay, 0);
    expect(owners).toHaveLength(Math.ceil(settings.owners / ownersEach));
  });

  test("the busiest hours send about four times as many as the quietest", () => {
    const hours = perHour(sampleDemand({ ...settings, burst: 1 }, whole));
    const busiest = (hours[18] ?? 0) + (hours[19] ?? 0) + (hours[20] ?? 0);
    const quietest = (hours[6] ?? 0) + (hours[7] ?? 0) + (hours[8] ?? 0);
    expect(busiest / quietest).toBeGreaterThan(3);
    expect(busiest / quietest).toBeLessThan(5);
  });

  test("bursts are seen: the fullest minute of one owner grows with them", () => {
    const fullest = (burst: number) => {
      const one = { ...settings, owners: 1, burst };
      const { arrivals } = sampleDemand({ ...one, executionsPerDay: 3_000 }, whole);
      const minutes = Map.groupBy(arrivals, ({ at }) => Math.floor(at / 60_000));
      return Math.max(...[...minutes.values()].map((minute) => minute.length));
    };
    expect(fullest(50)).toBeGreaterThan(2 * fullest(1));
  });
});

test("harmonic() is 1 + 1/2 + … + 1/n", () => {
  const sum = (n: number) =>
    Array.from({ length: n }, (_, i) => 1 / (i + 1)).reduce((a, b) => a + b);
  for (const n of [1, 2, 100, 101, 5_000]) expect(harmonic(n)).toBeCloseTo(sum(n), 6);
  expect(harmonic(0)).toBe(0);
  expect(harmonic(1.5)).toBeCloseTo(1.25);
});
