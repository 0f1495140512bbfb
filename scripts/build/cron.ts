const minuteMs = 60_000;
const hourMinutes = 60;
const dayMinutes = 24 * hourMinutes;

/**
 * A schedule for Cloud Scheduler that is due every `everyMs`; a minute is its shortest interval.
 * Null if that divides neither an hour nor a day, because a schedule starts anew with each.
 */
export function cronOf(everyMs: number): string | null {
  const minutes = Math.max(1, Math.ceil(everyMs / minuteMs));
  if (minutes === 1) return "* * * * *";
  if (minutes < hourMinutes) return hourMinutes % minutes === 0 ? `*/${minutes} * * * *` : null;
  if (minutes % hourMinutes !== 0 || dayMinutes % minutes !== 0) return null;
  const hours = minutes / hourMinutes;
  if (hours === 24) return "0 0 * * *";
  return hours === 1 ? "0 * * * *" : `0 */${hours} * * *`;
}
