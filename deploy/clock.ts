/**
 * The time, and the waits, of a deployment. A stand-in for Google keeps a clock of its own, which a
 * wait moves on at once: tests then see minutes of propagation and wait for none of them.
 */
import { setTimeout as delay } from "node:timers/promises";
import { whereToAsk } from "./google/api.ts";

export interface Clock {
  /** Milliseconds since some moment; only differences mean anything. */
  nowMs(): number;
  wait(forMs: number): Promise<void>;
}

const realClock: Clock = {
  nowMs: () => performance.now(),
  wait: async (forMs) => await delay(Math.max(0, forMs)),
};

/** @param endpoint of a stand-in that has a clock; null for the real time. */
export function clockOf(endpoint: string | null): Clock {
  if (endpoint === null) return realClock;
  let nowMs = 0;
  return {
    nowMs: () => nowMs,
    async wait(forMs) {
      const waitedMs = Math.ceil(Math.max(0, forMs));
      const url = `${whereToAsk("https://clock.test/wait", endpoint)}?ms=${waitedMs}`;
      await (await fetch(url, { method: "POST" })).text();
      nowMs += waitedMs;
    },
  };
}

/** How long and how often something is waited for. */
export interface Patience {
  readonly everyMs: number;
  readonly withinMs: number;
}

/**
 * Asks until `look` finds something, and then every so often until the time is over.
 * @returns What was found, or null if the time is over.
 */
export async function waitUntil<T>(
  clock: Clock,
  { everyMs, withinMs }: Patience,
  look: () => Promise<T | null>,
): Promise<T | null> {
  const deadlineMs = clock.nowMs() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    const leftMs = deadlineMs - clock.nowMs();
    if (leftMs <= 0) return null;
    await clock.wait(Math.min(everyMs, leftMs));
  }
}
