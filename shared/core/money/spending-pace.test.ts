import { describe, expect, test } from "vitest";
import { forecast, type Pace, paceAfter } from "./spending-pace.ts";

const dayMs = 86_400_000;
const none: Pace = { days: 0, microusdPerDay: 0 };
const key = (day: number) =>
  new Date(Date.UTC(2026, 0, 1) + day * dayMs).toISOString().slice(0, 10);

/** The pace after days that cost `spent` each; null for a day without a look. */
function paceOf(spent: readonly (number | null)[]): Pace {
  let pace = none;
  let from = 0;
  for (let day = 1; day <= spent.length; day += 1) {
    if (day < spent.length && spent[day] === null) continue;
    const spentMicrousd = spent[from] ?? 0;
    pace = paceAfter(pace, { ended: key(from), begun: key(day), spentMicrousd });
    from = day;
  }
  return pace;
}

/** The definition, without recursion. */
function weightedMean(spent: readonly number[]): number {
  const weights = spent.map((_, index) => 0.5 ** ((spent.length - 1 - index) / 7));
  const sum = spent.reduce((total, amount, index) => total + amount * (weights[index] ?? 0), 0);
  return sum / weights.reduce((total, weight) => total + weight, 0);
}

describe("paceAfter()", () => {
  test("is the weighted mean of the days, whatever they were", () => {
    const spent = [5_000, 0, 120_000, 40_000, 40_001, 3, 0, 0, 900_000, 77];
    const pace = paceOf(spent);
    expect(pace.days).toBe(10);
    expect(Math.abs(pace.microusdPerDay - weightedMean(spent))).toBeLessThan(10);
  });

  test("counts days without a look as days that cost nothing", () => {
    const seen = paceOf([10_000, 50_000, 0, 0, 0, 20_000]);
    const unseen = paceOf([10_000, 50_000, null, null, null, 20_000]);
    expect(unseen.days).toBe(seen.days);
    expect(Math.abs(unseen.microusdPerDay - seen.microusdPerDay)).toBeLessThan(5);
  });

  test("a constant spender's pace is what is spent a day, from the first day on", () => {
    expect(paceOf([250_000])).toEqual({ days: 1, microusdPerDay: 250_000 });
    expect(paceOf(Array.from({ length: 40 }, () => 250_000)).microusdPerDay).toBe(250_000);
  });

  test.each([0, -1])("a turn by %i days changes nothing", (turned) => {
    const pace = { days: 4, microusdPerDay: 9 };
    const turn = { ended: key(5), begun: key(5 + turned), spentMicrousd: 1_000 };
    expect(paceAfter(pace, turn)).toEqual(pace);
  });
});

describe("forecast()", () => {
  const now = Date.UTC(2026, 0, 20);
  test("divides what is available by the pace", () => {
    const { runsOutAt } = forecast({ days: 5, microusdPerDay: 2_000 }, 5_000, now) ?? {};
    expect(runsOutAt).toBe(now + 2.5 * dayMs);
  });

  test("gives no forecast with less than three days of history", () => {
    expect(forecast({ days: 2, microusdPerDay: 2_000 }, 5_000, now)).toBeNull();
  });

  test("has no date if nothing is spent, and now if nothing is left", () => {
    expect(forecast({ days: 9, microusdPerDay: 0 }, 5_000, now)?.runsOutAt).toBeNull();
    expect(forecast({ days: 9, microusdPerDay: 1 }, 10 ** 12, now)?.runsOutAt).toBeNull();
    expect(forecast({ days: 9, microusdPerDay: 0 }, 0, now)?.runsOutAt).toBe(now);
  });
});
