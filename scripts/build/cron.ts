const minuteMs = 60_000;
const hourMinutes = 60;
const dayMinutes = 24 * hourMinutes;

/**
 * A Cloud Scheduler schedule that is due every `everyMs`; its shortest interval is a minute. Null
 * if that divides neither an hour nor a day, because schedules restart with each of those.
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
