/** How often and for how long a change is repeated, and the pauses between its tries. */
import type { Waiting } from "./decide-together.ts";

const attemptsMax = 12;
const backoffMsMax = 250;
/** The longest wait of a closing that collided with another change. */
const closingBackoffMsMax = 16;
/** How long a change may lose to other processes before it is refused. */
export const contentionMsMax = 10_000;
/** How long the documents that a change has read count as current; the same as for a cached key. */
const readFreshMs = 1_000;
/** How long a change is tried again while the database doesn't answer, before it is refused. */
const unavailableMsMax = 5_000;

/** Whether a change is given up. A closing is tried for a time, however often it collides. */
export function isOutOfAttempts(waiting: Waiting, now: number): boolean {
  return waiting.change.closes
    ? hasContendedTooLong(waiting, now)
    : waiting.attempts >= attemptsMax;
}

export function hasContendedTooLong({ arrivedAt }: Waiting, now: number): boolean {
  return now - arrivedAt > contentionMsMax;
}

/** Whether the change still waits for a database that doesn't answer. */
export function mayRetry({ arrivedAt }: Waiting, now: number): boolean {
  return now - arrivedAt < unavailableMsMax;
}

/** Whether the change's documents are too old to rely on, although they may be unchanged. */
export function isReadOld({ readAt }: Waiting, now: number): boolean {
  return now - readAt > readFreshMs;
}

/**
 * The pause before the next try. `chance` is random from 0 to below 1 (full jitter), so that
 * processes that collided don't collide again.
 */
export function backOffMs({ change, attempts }: Waiting, chance: number): number {
  const longest = change.closes ? closingBackoffMsMax : backoffMsMax;
  return Math.min(longest, 4 * 2 ** attempts) * chance;
}

/** The pause before retrying a database that didn't answer. */
export function unavailablePauseMs(chance: number): number {
  return backoffMsMax * chance;
}

/** Waits; if the moment has passed already, only until the next turn. */
export async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}
