/**
 * A sliding window, kept as counts per bucket. It never admits more than the limit in any span of
 * its length; the price is that an admission may stop counting one bucket late.
 */
import * as z from "zod";
import { assert } from "../assert.ts";
import { Fault } from "../fault.ts";

const bucketsPerWindow = 15;

/** Bucket number → admissions in it. */
export const Window = z.record(z.string().regex(/^[0-9]+$/), z.int().min(1));
export type Window = z.infer<typeof Window>;

export interface WindowLimit {
  readonly max: number;
  readonly windowMs: number;
}

export interface WindowState {
  readonly granted: boolean;
  readonly window: Window;
  readonly remaining: number;
  /** How long until the next admission is possible; 0 if it is possible now. */
  readonly retryAfterMs: number;
  /** How long until the oldest admission leaves the window and makes room. */
  readonly resetMs: number;
}

/** The buckets that still count; empty once all admissions are old enough. */
export function liveIn(window: Window, limit: WindowLimit, now: number): Window {
  const bucketMs = limit.windowMs / bucketsPerWindow;
  const isLive = ([bucket]: [string, number]) =>
    (Number(bucket) + 1) * bucketMs + limit.windowMs > now;
  return Object.fromEntries(Object.entries(window).filter(isLive));
}

/** Admits one, or says how long to wait. Doesn't change the given window. */
export function take(window: Window, limit: WindowLimit, now: number): WindowState {
  assert(limit.max >= 1 && limit.windowMs >= bucketsPerWindow);
  const bucketMs = limit.windowMs / bucketsPerWindow;
  const freedAt = (bucket: string) => (Number(bucket) + 1) * bucketMs + limit.windowMs;
  const live = Object.entries(liveIn(window, limit, now)).sort(([a], [b]) => Number(a) - Number(b));
  const used = live.reduce((sum, [, count]) => sum + count, 0);
  const current = String(Math.floor(now / bucketMs));
  const resetMs = freedAt(live[0]?.[0] ?? current) - now;
  if (used >= limit.max) {
    const retryAfterMs = waitFor(live, used - limit.max + 1, (bucket) => freedAt(bucket) - now);
    return {
      granted: false,
      window: Object.fromEntries(live),
      remaining: 0,
      retryAfterMs,
      resetMs,
    };
  }
  const next = { ...Object.fromEntries(live), [current]: (window[current] ?? 0) + 1 };
  const remaining = limit.max - used - 1;
  return {
    granted: true,
    window: next,
    remaining,
    retryAfterMs: 0,
    resetMs,
  };
}

function waitFor(
  live: readonly (readonly [string, number])[],
  needed: number,
  untilFreeMs: (bucket: string) => number,
): number {
  let freed = 0;
  for (const [bucket, count] of live) {
    freed += count;
    if (freed >= needed) return untilFreeMs(bucket);
  }
  throw new Fault("unreachable: the live buckets hold more than the limit");
}
