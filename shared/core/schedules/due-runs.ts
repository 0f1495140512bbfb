/**
 * What a schedule has to do once it is due. Usually that is one run. After a time in which nobody
 * looked, several times have passed: at most the last of them still runs, and the others are
 * recorded as missed.
 */
import { nextOccurrence, type Timing } from "./occurrences.ts";
import type { MissedRunPolicy } from "./words.ts";

/** A run that begins this late is on time: the scheduler calls once a minute. */
export const onTimeMs = 5 * 60_000;
/** How many times are counted at once; the others are at the next look, which is due at once. */
export const missedMax = 1_000;

export interface DueRuns {
  /** The time that runs now; null if none does. */
  readonly run: number | null;
  /** The times that don't run any more, from the first to the last; null if there are none. */
  readonly missed: { readonly first: number; readonly last: number; readonly count: number } | null;
  /** The next time; null if there is none. It may have passed, if very many were missed. */
  readonly next: number | null;
}

/** @param due.nextRunAt The first time that was neither run nor missed; it has come. */
export function dueRuns(
  timing: Timing,
  due: { readonly nextRunAt: number; readonly policy: MissedRunPolicy; readonly now: number },
): DueRuns {
  const { nextRunAt, policy, now } = due;
  const passed = [nextRunAt];
  let next = nextOccurrence(timing, nextRunAt);
  while (next !== null && next <= now && passed.length < missedMax) {
    passed.push(next);
    next = nextOccurrence(timing, next);
  }
  const isLast = next === null || next > now;
  const last = passed.at(-1) ?? nextRunAt;
  const runs = isLast && (policy === "run" || now - last <= onTimeMs);
  const missed = runs ? passed.slice(0, -1) : passed;
  const [first] = missed;
  const lastMissed = missed.at(-1);
  return {
    run: runs ? last : null,
    missed:
      first === undefined || lastMissed === undefined
        ? null
        : { first, last: lastMissed, count: missed.length },
    next,
  };
}
