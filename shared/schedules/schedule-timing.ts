import { assert } from "../core/assert.ts";
import { nextOccurrence, type Timing } from "../core/schedules/occurrences.ts";
import type { Schedule } from "../store/schedules.ts";

type Timed = Pick<Schedule, "scheduleType" | "cronExpression" | "scheduledTime" | "timezone">;

export function timingOf({ cronExpression, scheduledTime, timezone }: Timed): Timing {
  if (cronExpression !== null) return { type: "recurring", cronExpression, timezone };
  assert(scheduledTime !== null, "a schedule has a time");
  return { type: "one-time", scheduledTime };
}

/** When a schedule is due next and when a sweep looks at it, from now on. */
export function nextRun(
  schedule: Timed & Pick<Schedule, "enabled">,
  now: number,
): Pick<Schedule, "nextRunAt" | "dueAt"> {
  const nextRunAt = schedule.enabled ? nextOccurrence(timingOf(schedule), now) : null;
  return { nextRunAt, dueAt: nextRunAt };
}
