import { setTimeout as wait } from "node:timers/promises";

const pollMs = 10;

/** Asks `done` again until it says yes; false when `withinMs` have passed without one. */
export async function pollUntil(
  done: () => boolean | Promise<boolean>,
  withinMs: number,
): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (!(await done())) {
    if (performance.now() > deadline) return false;
    await wait(pollMs);
  }
  return true;
}
