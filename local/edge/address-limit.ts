/** Whether a request may pass, and the values of its RateLimit headers. */
export interface AddressVerdict {
  readonly admitted: boolean;
  readonly limit: number;
  readonly remaining: number;
  /** Seconds, rounded up, until the oldest request leaves the window and makes room. */
  readonly resetSeconds: number;
}

export interface AddressLimitOptions {
  readonly requestsMax: number;
  readonly windowMs: number;
  readonly addressesMax?: number;
  /** A monotonic clock in milliseconds. */
  readonly now?: () => number;
}

/** The admitted requests of one address: a ring of times, so that a check copies nothing. */
interface Ring {
  readonly timesMs: Float64Array;
  start: number;
  length: number;
}

/**
 * Counts exactly: at most `requestsMax` requests of one address are admitted in any window of
 * `windowMs`. Refused requests don't count. (Cloud Armor counts the same limit per backend and
 * approximately.)
 */
export class AddressLimit {
  readonly #requestsMax: number;
  readonly #windowMs: number;
  readonly #addressesMax: number;
  readonly #now: () => number;
  readonly #rings = new Map<string, Ring>();

  constructor(options: AddressLimitOptions) {
    this.#requestsMax = options.requestsMax;
    this.#windowMs = options.windowMs;
    this.#addressesMax = options.addressesMax ?? 2_000;
    this.#now = options.now ?? (() => performance.now());
  }

  take(address: string): AddressVerdict {
    const nowMs = this.#now();
    const ring = this.#ringOf(address, nowMs);
    // When there is no room for another address, refusing it is safer than forgetting one.
    if (!ring) return this.#verdict(false, 0, this.#windowMs);
    this.#expire(ring, nowMs);
    const admitted = ring.length < this.#requestsMax;
    if (admitted) {
      ring.timesMs[(ring.start + ring.length) % this.#requestsMax] = nowMs;
      ring.length += 1;
    }
    const oldestMs = ring.timesMs[ring.start] ?? nowMs;
    return this.#verdict(
      admitted,
      this.#requestsMax - ring.length,
      oldestMs + this.#windowMs - nowMs,
    );
  }

  #verdict(admitted: boolean, remaining: number, resetMs: number): AddressVerdict {
    const resetSeconds = Math.max(1, Math.ceil(resetMs / 1_000));
    return { admitted, limit: this.#requestsMax, remaining, resetSeconds };
  }

  #ringOf(address: string, nowMs: number): Ring | undefined {
    const known = this.#rings.get(address);
    if (known) return known;
    if (this.#rings.size >= this.#addressesMax) this.#forgetIdle(nowMs);
    if (this.#rings.size >= this.#addressesMax) return undefined;
    const ring = { timesMs: new Float64Array(this.#requestsMax), start: 0, length: 0 };
    this.#rings.set(address, ring);
    return ring;
  }

  #expire(ring: Ring, nowMs: number): void {
    while (ring.length > 0 && (ring.timesMs[ring.start] ?? nowMs) <= nowMs - this.#windowMs) {
      ring.start = (ring.start + 1) % this.#requestsMax;
      ring.length -= 1;
    }
  }

  #forgetIdle(nowMs: number): void {
    for (const [address, ring] of this.#rings) {
      this.#expire(ring, nowMs);
      if (ring.length === 0) this.#rings.delete(address);
    }
  }
}
