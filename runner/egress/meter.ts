/** Counts what an execution's proxy carries, and says when the limit is reached. */
import type { EgressRule } from "#shared/core/network/network-policy";
import type { EgressLimits } from "#shared/protocol/runner";

const minuteMs = 60_000;

export class Meter {
  readonly #limits: EgressLimits;
  readonly #now: () => number;
  #open = 0;
  #totalBytes = 0;
  /** How many connections may be opened now; it refills over a minute. */
  #tokens: number;
  #filledAtMs: number;

  /** @param now Monotonic milliseconds. */
  constructor(limits: EgressLimits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
    this.#tokens = limits.connectionsPerMinuteMax;
    this.#filledAtMs = now();
  }

  /** Takes a place for one connection. @returns Why there is none, if so. */
  open(): EgressRule | null {
    const { connectionsMax, connectionsPerMinuteMax, totalBytesMax } = this.#limits;
    const nowMs = this.#now();
    const filled = ((nowMs - this.#filledAtMs) / minuteMs) * connectionsPerMinuteMax;
    this.#tokens = Math.min(connectionsPerMinuteMax, this.#tokens + filled);
    this.#filledAtMs = nowMs;
    if (this.#totalBytes >= totalBytesMax) return "byte_limit";
    if (this.#open >= connectionsMax) return "connection_limit";
    if (this.#tokens < 1) return "rate_limit";
    this.#tokens -= 1;
    this.#open += 1;
    return null;
  }

  /** Gives the place back. */
  close(): void {
    this.#open -= 1;
  }

  /** @returns Whether these bytes may still pass. */
  count(bytes: number): boolean {
    this.#totalBytes += bytes;
    return this.#totalBytes <= this.#limits.totalBytesMax;
  }
}
