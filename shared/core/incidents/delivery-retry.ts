/** When a notification that wasn't taken is tried again: for more than three days. */
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

const pausesMs = [
  ...[minuteMs, 5 * minuteMs, 15 * minuteMs, hourMs, 2 * hourMs, 4 * hourMs, 8 * hourMs],
  ...Array.from({ length: 5 }, () => 12 * hourMs),
];

/** Attempts until a notification is given up. */
export const attemptsMax = pausesMs.length + 1;

/**
 * When the next attempt is due; null if there is none.
 * @param attempts how many have failed, 1 or more
 * @param spread from 0 to 1, so that what failed together isn't tried together
 */
export function nextAttemptAt(attempts: number, now: number, spread: number): number | null {
  const pauseMs = pausesMs[attempts - 1];
  return pauseMs === undefined ? null : Math.round(now + pauseMs * (1 + spread / 10));
}
