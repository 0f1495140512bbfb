import { setTimeout as wait } from "node:timers/promises";

const pollMs = 10;
type Nothing = null | undefined | false;

/**
 * Asks `probe` again until it gives something, and resolves with that; null when `withinMs` have
 * passed. `pauseMsAfter` says how long to pause after that many milliseconds of waiting.
 */
export async function pollUntil<T>(
  probe: () => T | Nothing | Promise<T | Nothing>,
  withinMs: number,
  pauseMsAfter: (waitedMs: number) => number = () => pollMs,
): Promise<T | null> {
  const beganAt = performance.now();
  for (;;) {
    const found = await probe();
    if (found) return found;
    const waitedMs = performance.now() - beganAt;
    if (waitedMs > withinMs) return null;
    await wait(pauseMsAfter(waitedMs));
  }
}
