import { LRUCache } from "lru-cache";
import type { ApiError } from "../errors/api-error.ts";

const keysMax = 10_000;
/** A raised limit or a freed place is noticed at most this much later. */
const rememberedMsMax = 1_000;

/**
 * Keys that the account has just refused to start executions for. Asking again at once would cost
 * its reads again and get the same answer.
 */
export class RefusalCache {
  readonly #refusals = new LRUCache<string, { readonly until: number; readonly error: ApiError }>({
    max: keysMax,
  });
  readonly #now: () => number;

  /** @param now milliseconds of a monotonic clock. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** The remembered refusal of a key, if any. */
  find(keyId: string): ApiError | null {
    const known = this.#refusals.get(keyId);
    return known && known.until > this.#now() ? known.error : null;
  }

  /** Remembers it at most as long as the refusal itself says. */
  remember(keyId: string, error: ApiError): void {
    const retryAfterMs = Number(error.headers["retry-after"] ?? 0) * 1_000;
    const until = this.#now() + Math.min(retryAfterMs, rememberedMsMax);
    this.#refusals.set(keyId, { until, error });
  }
}
