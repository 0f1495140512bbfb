/** What runs, and what is missed, once a schedule is due. */
import { describe, expect, test } from "vitest";
import { dueRuns, missedMax, onTimeMs } from "./due-runs.ts";

const hourly = { type: "recurring", cronExpression: "0 * * * *", timezone: "UTC" } as const;
const minutely = { ...hourly, cronExpression: "* * * * *" } as const;
const hourMs = 60 * 60_000;
const first = Date.UTC(2026, 0, 1, 9);

describe("a schedule that is due", () => {
  test.each(["run", "skip"] as const)("runs once while it is on time: %s", (policy) => {
    const due = dueRuns(hourly, { nextRunAt: first, policy, now: first + onTimeMs });
    expect(due).toEqual({ run: first, missed: null, next: first + hourMs });
  });

  test("runs the last of several times that passed, and misses the others", () => {
    const now = first + 3 * hourMs + 30 * 60_000;
    const due = dueRuns(hourly, { nextRunAt: first, policy: "run", now });
    const missed = { first, last: first + 2 * hourMs, count: 3 };
    expect(due).toEqual({ run: first + 3 * hourMs, missed, next: first + 4 * hourMs });
  });

  test("that skips what it missed runs nothing late", () => {
    const now = first + 3 * hourMs + 30 * 60_000;
    const due = dueRuns(hourly, { nextRunAt: first, policy: "skip", now });
    const missed = { first, last: first + 3 * hourMs, count: 4 };
    expect(due).toEqual({ run: null, missed, next: first + 4 * hourMs });
  });

  test("counts a long downtime in parts, and loses no minute of it", () => {
    const now = first + 40 * hourMs;
    let [nextRunAt, count, runs] = [first, 0, 0];
    while (nextRunAt <= now) {
      const due = dueRuns(minutely, { nextRunAt, policy: "run", now });
      expect(due.missed?.count ?? 0).toBeLessThanOrEqual(missedMax);
      count += due.missed?.count ?? 0;
      runs += due.run === null ? 0 : 1;
      nextRunAt = due.next ?? Number.POSITIVE_INFINITY;
    }
    expect([count, runs]).toEqual([40 * 60, 1]);
  });

  test("once has nothing to do afterwards", () => {
    const once = { type: "one-time", scheduledTime: first } as const;
    expect(dueRuns(once, { nextRunAt: first, policy: "run", now: first + hourMs })).toEqual({
      run: first,
      missed: null,
      next: null,
    });
  });
});
