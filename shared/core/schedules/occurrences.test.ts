/** Times of schedules, compared with a second implementation of time zones. */
import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { describe, expect, test } from "vitest";
import { isCronExpression, isTimezone, nextOccurrence } from "./occurrences.ts";

const zones = [
  ...["Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe"],
  ...["Asia/Kolkata", "Africa/Casablanca", "America/St_Johns", "Pacific/Auckland", "UTC"],
] as const;
const dayMs = 24 * 60 * 60_000;

/** The first time after `afterMs` at which a clock in the zone comes to, or passes, hour:minute. */
function nextByTemporal(zone: string, wall: { hour: number; minute: number }, afterMs: number) {
  const after = Temporal.Instant.fromEpochMilliseconds(afterMs).toZonedDateTimeISO(zone);
  for (let days = -1; days <= 3; days += 1) {
    const day = after.toPlainDate().add({ days });
    const local = day.toPlainDateTime(wall);
    const early = local.toZonedDateTime(zone, { disambiguation: "earlier" });
    const isSkipped = !early.toPlainDateTime().equals(local);
    // Before the gap there is the last instant of the old offset; the gap ends at the transition.
    const found = isSkipped ? early.getTimeZoneTransition("next") : early;
    if (found && found.epochMilliseconds > afterMs) return found.epochMilliseconds;
  }
  throw new Error("no time within three days");
}

const moment = fc.integer({ min: Date.UTC(2000, 0, 1), max: Date.UTC(2037, 0, 1) });

describe("a time of day", () => {
  test("comes once a day, after a gap at its end and of two equal ones at the first", () => {
    const clock = fc.record({
      zone: fc.constantFrom(...zones),
      hour: fc.integer({ min: 0, max: 23 }),
      minute: fc.integer({ min: 0, max: 59 }),
      afterMs: moment,
    });
    // Random days seldom have a change of the clock, so half of the trials look at one.
    const property = fc.property(clock, fc.boolean(), (drawn, atChange) => {
      const { zone, hour, minute } = drawn;
      const around = Temporal.Instant.fromEpochMilliseconds(drawn.afterMs)
        .toZonedDateTimeISO(zone)
        .getTimeZoneTransition("next");
      const change = around?.epochMilliseconds ?? drawn.afterMs;
      const afterMs = atChange ? change - (drawn.afterMs % dayMs) : drawn.afterMs;
      const timing = {
        type: "recurring",
        cronExpression: `${minute} ${atChange ? hour % 4 : hour} * * *`,
        timezone: zone,
      } as const;
      const wall = { hour: atChange ? hour % 4 : hour, minute };
      expect(nextOccurrence(timing, afterMs)).toBe(nextByTemporal(zone, wall, afterMs));
    });
    fc.assert(property, { numRuns: 600 });
  });

  test.each([
    ["30 2 * * *", "2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"],
    ["30 2 * * *", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"],
    ["0,30 2 * * *", "2026-10-24T12:00:00Z", "2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z"],
    ["15,45 2 * * *", "2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:15:00Z"],
  ])("%s in Berlin after %s is due at %s, then at %s", (pattern, after, first, second) => {
    const timing = {
      type: "recurring",
      cronExpression: pattern,
      timezone: "Europe/Berlin",
    } as const;
    const next = nextOccurrence(timing, Date.parse(after)) ?? 0;
    expect(next).toBe(Date.parse(first));
    expect(nextOccurrence(timing, next)).toBe(Date.parse(second));
  });
});

test("an interval goes on in real time while the clock is changed", () => {
  const timing = {
    type: "recurring",
    cronExpression: "*/20 * * * *",
    timezone: "Europe/Berlin",
  } as const;
  for (const change of ["2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z"]) {
    let at = Date.parse(change) - 3 * 60 * 60_000;
    for (let count = 0; count < 18; count += 1) {
      const next = nextOccurrence(timing, at);
      expect(next).toBe(at + 20 * 60_000);
      at = next ?? 0;
    }
  }
});

test("a pattern has five fields and is due at some time; a zone has a name", () => {
  const good = ["0 9 * * 1-5", "*/5 * * * *", "0 0 29 2 *"];
  const bad = [
    "",
    "* * * *",
    "* * * * * *",
    "61 * * * *",
    "0 0 30 2 *",
    "never",
    "2030-01-01T00:00",
  ];
  expect(good.filter((pattern) => !isCronExpression(pattern))).toEqual([]);
  expect(bad.filter(isCronExpression)).toEqual([]);
  expect(["Europe/Berlin", "UTC"].filter((zone) => !isTimezone(zone))).toEqual([]);
  expect(["Nowhere/City", "+02:00", ""].filter(isTimezone)).toEqual([]);
});
