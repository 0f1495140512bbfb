import type { WindowLimit } from "../core/limits/sliding-window.ts";

/** The values of the RateLimit headers. */
export interface LimitState {
  readonly limit: number;
  readonly remaining: number;
  /** How long until the oldest request leaves the window and makes room; 0 if none counts. */
  readonly resetMs: number;
}

const bucketsPerWindow = 15;
/** A window rarely begins at the edge of a bucket, so it touches one bucket more. */
const slots = bucketsPerWindow + 1;

/**
 * Counts requests in the buckets of a sliding window, in constant memory. No span of the window's
 * length admits more than the limit; in exchange, a request may count for one bucket too long. The
 * algorithm is that of `core/limits/sliding-window.ts`, here for thousands of requests in memory,
 * there for stored documents.
 */
export class SlidingCounter {
  readonly #limit: WindowLimit;
  readonly #bucketMs: number;
  readonly #counts = new Uint32Array(slots);
  #latest = 0;
  #used = 0;

  constructor(limit: WindowLimit) {
    this.#limit = limit;
    this.#bucketMs = limit.windowMs / bucketsPerWindow;
  }

  /** @param nowMs milliseconds of a monotonic clock. */
  state(nowMs: number): LimitState {
    this.#advance(nowMs);
    const remaining = Math.max(0, this.#limit.max - this.#used);
    return { limit: this.#limit.max, remaining, resetMs: this.#resetMs(nowMs) };
  }

  /** Counts one request and returns its bucket. */
  add(nowMs: number): number {
    this.#advance(nowMs);
    const slot = this.#latest % slots;
    this.#counts[slot] = (this.#counts[slot] ?? 0) + 1;
    this.#used += 1;
    return this.#latest;
  }

  /** Takes back one request of `bucket`. Does nothing if the bucket has left the window. */
  remove(bucket: number): void {
    const slot = bucket % slots;
    const count = this.#counts[slot] ?? 0;
    if (bucket <= this.#latest - slots || count === 0) return;
    this.#counts[slot] = count - 1;
    this.#used -= 1;
  }

  #advance(nowMs: number): void {
    const bucket = Math.floor(nowMs / this.#bucketMs);
    const passed = Math.min(bucket - this.#latest, slots);
    if (passed <= 0) return;
    for (let back = 0; back < passed; back += 1) {
      const slot = (bucket - back) % slots;
      this.#used -= this.#counts[slot] ?? 0;
      this.#counts[slot] = 0;
    }
    this.#latest = bucket;
  }

  #resetMs(nowMs: number): number {
    if (this.#used === 0) return 0;
    for (let back = slots - 1; back >= 0; back -= 1) {
      const bucket = this.#latest - back;
      if (bucket < 0 || this.#counts[bucket % slots] === 0) continue;
      return (bucket + slots) * this.#bucketMs - nowMs;
    }
    return 0;
  }
}
