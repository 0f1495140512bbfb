import { LRUCache } from "lru-cache";
import type { ApiError } from "../errors/api-error.ts";

const keysMax = 10_000;
/** A limit that was raised, or a place that became free, is noticed this much later. */
const rememberedMsMax = 1_000;

/**
 * Keys that the account has just refused to start executions for: repeating the question at once
 * would cost its reads again and get the same answer.
 */
export class RefusalCache {
  readonly #refusals = new LRUCache<string, { readonly until: number; readonly error: ApiError }>({
    max: keysMax,
  });
  readonly #now: () => number;

  /** @param now ms of a clock that never goes back. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** The refusal of a key, as long as it is taken to hold. */
  find(keyId: string): ApiError | null {
    const known = this.#refusals.get(keyId);
    return known && known.until > this.#now() ? known.error : null;
  }

  /** Never for longer than the refusal itself says. */
  remember(keyId: string, error: ApiError): void {
    const retryAfterMs = Number(error.headers["retry-after"] ?? 0) * 1_000;
    const until = this.#now() + Math.min(retryAfterMs, rememberedMsMax);
    this.#refusals.set(keyId, { until, error });
  }
}
