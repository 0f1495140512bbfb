/**
 * When a schedule is due. The pattern has the five fields of Vixie cron, in a time zone. Where the
 * clock goes forward, a time that doesn't exist is due right after the gap; where it goes back, a
 * time that comes twice is due at its first coming. That holds for patterns that name minutes and
 * hours; one with a `*` or a step in them keeps its interval in real time, as Vixie cron does.
 */
import { Cron } from "croner";

/** What says when a schedule is due. Instants are epoch milliseconds. */
export type Timing =
  | { readonly type: "one-time"; readonly scheduledTime: number }
  | { readonly type: "recurring"; readonly cronExpression: string; readonly timezone: string };

/** Whether the platform knows the zone by this name of the IANA database. */
export function isTimezone(name: string): boolean {
  // An offset such as +02:00 is no zone: it has no daylight saving to follow.
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).format(0) !== "";
  } catch {
    return false;
  }
}

/** Whether it has five fields and is due at some time. */
export function isCronExpression(pattern: string): boolean {
  // The library takes a date as well.
  if (pattern.trim().split(/\s+/).length !== 5) return false;
  try {
    const timing = { type: "recurring", cronExpression: pattern, timezone: "UTC" } as const;
    return nextOccurrence(timing, 0) !== null;
  } catch {
    return false;
  }
}

/**
 * The first time after `afterMs` at which it is due; null if there is none.
 * @throws if the pattern or the zone isn't one; both were checked when they were stored.
 */
export function nextOccurrence(timing: Timing, afterMs: number): number | null {
  if (timing.type === "one-time") {
    return timing.scheduledTime > afterMs ? timing.scheduledTime : null;
  }
  const next = cronOf(timing).nextRun(new Date(afterMs));
  return next === null ? null : next.getTime();
}

function cronOf({ cronExpression, timezone }: Extract<Timing, { type: "recurring" }>): Cron {
  // With this rule, lists and ranges of hours are fixed times, too.
  const rules = { mode: "5-part", fixedTimeRule: "no-wildcard" } as const;
  return new Cron(cronExpression, { timezone, paused: true, ...rules });
}
