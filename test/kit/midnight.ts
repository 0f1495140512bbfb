/** Helps tests that depend on today, which mustn't begin on one day and end on the next. */
import { setTimeout as wait } from "node:timers/promises";

const dayMs = 86_400_000;

/** Waits until midnight UTC has passed if it is less than `marginMs` away. */
export async function passMidnight(marginMs: number): Promise<void> {
  const leftMs = dayMs - (Date.now() % dayMs);
  if (leftMs < marginMs) await wait(leftMs + 1);
}
