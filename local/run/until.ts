import { setTimeout as wait } from "node:timers/promises";

const pollMs = 10;

/** Calls `done` until it returns true; false if `withinMs` pass first. */
export async function until(
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
