import { LRUCache } from "lru-cache";
import type { WindowLimit } from "../core/limits/sliding-window.ts";
import type { ApiError } from "../errors/api-error.ts";
import { rateLimited } from "./limit-headers.ts";
import { type LimitState, SlidingCounter } from "./sliding-counter.ts";

/** One of the limits that a request counts against. */
export interface Claim {
  /** The name of what is counted, unique among all limits. */
  readonly subject: string;
  readonly limit: WindowLimit;
  /** The noun in "at most 300 … in 60 seconds". */
  readonly noun: string;
}

export interface Permit {
  /** The state of the tightest limit; null if none applies. */
  readonly state: LimitState | null;
  /** Takes the request off the counters, for when a later check refuses it (LIM-2). */
  release(): void;
}

/** A counter with its name takes half a kilobyte, so together they take about 10 MB. */
const countersMax = 20_000;

/**
 * Counts requests in this process's memory, without reads or writes, so a request is admitted or
 * refused in microseconds whatever else fails. Each instance counts for itself (ADR 10).
 */
export class RequestLimiter {
  readonly #counters = new LRUCache<string, SlidingCounter>({ max: countersMax });
  readonly #now: () => number;

  /** @param now milliseconds of a monotonic clock. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Takes one of each limit, or none at all (LIM-2). @throws {ApiError} `RATE_LIMITED`. */
  take(claims: readonly Claim[]): Permit {
    const nowMs = this.#now();
    const counters = claims.map((claim) => this.#counterOf(claim));
    const refused = refusalOf(
      claims,
      counters.map((counter) => counter.state(nowMs)),
    );
    if (refused) throw refused;
    const buckets = counters.map((counter) => counter.add(nowMs));
    const states = counters.map((counter) => counter.state(nowMs));
    const release = () => {
      for (const [index, counter] of counters.entries()) counter.remove(buckets[index] ?? 0);
    };
    return { state: tightest(states), release };
  }

  #counterOf({ subject, limit }: Claim): SlidingCounter {
    const known = this.#counters.get(subject);
    if (known) return known;
    const counter = new SlidingCounter(limit);
    this.#counters.set(subject, counter);
    return counter;
  }
}

/** The refusal of the full limit that frees up last; null if none is full. */
function refusalOf(claims: readonly Claim[], states: readonly LimitState[]): ApiError | null {
  let longest: { readonly claim: Claim; readonly state: LimitState } | null = null;
  for (const [index, claim] of claims.entries()) {
    const state = states[index];
    if (!state || state.remaining > 0) continue;
    if (!longest || state.resetMs > longest.state.resetMs) longest = { claim, state };
  }
  if (!longest) return null;
  const { limit, noun } = longest.claim;
  const sentence = `At most ${limit.max} ${noun} are accepted in ${limit.windowMs / 1_000} seconds.`;
  return rateLimited(longest.state, sentence);
}

function tightest(states: readonly LimitState[]): LimitState | null {
  return states.reduce<LimitState | null>(
    (least, state) => (least && least.remaining <= state.remaining ? least : state),
    null,
  );
}
