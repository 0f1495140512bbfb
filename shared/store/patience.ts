/** How long and how often a change is tried again, and how long it waits in between. */
import type { Waiting } from "./decide-together.ts";

const attemptsMax = 12;
const backoffMsMax = 250;
/** The longest wait of a closing that collided with another change. */
const closingBackoffMsMax = 16;
/** How long a change may lose to other processes before it is refused. */
export const contentionMsMax = 10_000;
/** How long the documents that a change has read stay valid: as long as a key's entry may. */
const readFreshMs = 1_000;
/** How long a change is tried again while the database doesn't answer, before it is refused. */
const patienceMs = 5_000;

/** A closing goes on as long as others may lose to each other, however often it collides. */
export function isSpent(waiting: Waiting, now: number): boolean {
  return waiting.change.closes ? hasLostTooLong(waiting, now) : waiting.attempts >= attemptsMax;
}

export function hasLostTooLong({ since }: Waiting, now: number): boolean {
  return now - since > contentionMsMax;
}

/** Whether it goes on waiting for a database that doesn't answer. */
export function hasPatience({ since }: Waiting, now: number): boolean {
  return now - since < patienceMs;
}

/** Whether its documents must be read again, although no change to them is known. */
export function isReadOld({ readAt }: Waiting, now: number): boolean {
  return now - readAt > readFreshMs;
}

/**
 * Full jitter by `chance` from 0 to below 1, so that processes that collided don't collide again.
 */
export function backOffMs({ change, attempts }: Waiting, chance: number): number {
  const longest = change.closes ? closingBackoffMsMax : backoffMsMax;
  return Math.min(longest, 4 * 2 ** attempts) * chance;
}

/** How long to wait before asking a database again that didn't answer. */
export function awayPauseMs(chance: number): number {
  return backoffMsMax * chance;
}

export async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
