import { LRUCache } from "lru-cache";
import { addressGroup } from "../core/address-group.ts";
import type { WindowLimit } from "../core/window.ts";
import { tooMany } from "./limit-headers.ts";
import { SlidingCounter } from "./sliding-counter.ts";

const addressesMax = 10_000;

/**
 * Credentials that were refused, per address and in this process's memory: whoever keeps trying
 * keys that once were valid, each of which costs a read to refuse, is refused before that read.
 * A second line behind the edge's limit, forgetful on purpose: the address that tried longest ago
 * gives way to a new one, since refusing a new one would shut out everybody.
 */
export class FailedAuthentications {
  readonly #counters = new LRUCache<string, SlidingCounter>({ max: addressesMax });
  readonly #limit: WindowLimit;
  readonly #now: () => number;

  /** @param now ms of a clock that never goes back. */
  constructor(limit: WindowLimit, now: () => number) {
    this.#limit = limit;
    this.#now = now;
  }

  /** @throws {ApiError} `RATE_LIMITED` if this address has failed too often. */
  check(address: string): void {
    const state = this.#counters.peek(addressGroup(address))?.state(this.#now());
    if (!state || state.remaining > 0) return;
    throw tooMany(state, "Too many credentials from this address were refused.");
  }

  note(address: string): void {
    const group = addressGroup(address);
    const counter = this.#counters.get(group) ?? new SlidingCounter(this.#limit);
    this.#counters.set(group, counter);
    const nowMs = this.#now();
    // No more than are needed to refuse: then the wait that a refusal names is true.
    if (counter.state(nowMs).remaining > 0) counter.add(nowMs);
  }
}
