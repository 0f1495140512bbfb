/** How long and how often a change is tried again, and what it waits in between. */
import type { Waiting } from "./decide-together.ts";

const attemptsMax = 12;
const backoffMsMax = 250;
/** A closing that met another change tries again this soon, at most. */
const closingBackoffMsMax = 16;
/** How long a change may lose to other processes' before it is refused. */
export const contentionMsMax = 10_000;
/** Of what a change has read, when others got in between: as old as a key's entry may be. */
const readFreshMs = 1_000;
/** How long a change is tried again while the database doesn't answer; then it is refused. */
const patienceMs = 5_000;

/** A closing goes on for as long as others lose to each other, however often it meets them. */
export function isSpent(waiting: Waiting, now: number): boolean {
  return waiting.change.closes ? hasLostTooLong(waiting, now) : waiting.attempts >= attemptsMax;
}

export function hasLostTooLong({ since }: Waiting, now: number): boolean {
  return now - since > contentionMsMax;
}

/** Whether it waits on for a database that doesn't answer. */
export function hasPatience({ since }: Waiting, now: number): boolean {
  return now - since < patienceMs;
}

/** Whether what it has read must be read again, although nobody is known to have changed it. */
export function isReadOld({ readAt }: Waiting, now: number): boolean {
  return now - readAt > readFreshMs;
}

/** Full jitter by `chance` from 0 to below 1, so that processes that met once don't meet again. */
export function backOffMs({ change, attempts }: Waiting, chance: number): number {
  const longest = change.closes ? closingBackoffMsMax : backoffMsMax;
  return Math.min(longest, 4 * 2 ** attempts) * chance;
}

/** What is waited before a database that didn't answer is asked again. */
export function awayPauseMs(chance: number): number {
  return backoffMsMax * chance;
}

export async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
