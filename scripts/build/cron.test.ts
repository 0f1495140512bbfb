import { describe, expect, test } from "vitest";
import { cronOf } from "./cron.ts";

const minuteMs = 60_000;

describe("cronOf()", () => {
  test.each([
    [2_000, "* * * * *"],
    [minuteMs, "* * * * *"],
    [minuteMs + 1, "*/2 * * * *"],
    [15 * minuteMs, "*/15 * * * *"],
    [60 * minuteMs, "0 * * * *"],
    [6 * 60 * minuteMs, "0 */6 * * *"],
    [24 * 60 * minuteMs, "0 0 * * *"],
  ])("is due every %i ms: %s", (everyMs, cron) => {
    expect(cronOf(everyMs)).toBe(cron);
  });

  // Every 7 minutes would leave 4 minutes at the end of each hour.
  test.each([7 * minuteMs, 90 * minuteMs, 7 * 60 * minuteMs, 48 * 60 * minuteMs])(
    "has no schedule for %i ms",
    (everyMs) => expect(cronOf(everyMs)).toBeNull(),
  );
});
