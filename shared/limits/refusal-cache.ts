import { LRUCache } from "lru-cache";
import type { ApiError } from "../errors/api-error.ts";

const claimantsMax = 10_000;
/** A raised limit or a freed place may go unnoticed for this long. */
const rememberedMsMax = 1_000;

/**
 * Remembers for which keys the account has just refused to start an execution. Deciding again at
 * once would cost the same reads and come to the same refusal.
 */
export class RefusalCache {
  readonly #refusals = new LRUCache<string, { readonly until: number; readonly error: ApiError }>({
    max: claimantsMax,
  });
  readonly #now: () => number;

  /** @param now milliseconds of a monotonic clock. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** The remembered refusal of a key, if any. */
  find(claimantId: string): ApiError | null {
    const known = this.#refusals.get(claimantId);
    return known && known.until > this.#now() ? known.error : null;
  }

  /** Remembers the refusal for a moment, and no longer than its own `retry-after`. */
  remember(claimantId: string, error: ApiError): void {
    const retryAfterMs = Number(error.headers["retry-after"] ?? 0) * 1_000;
    const until = this.#now() + Math.min(retryAfterMs, rememberedMsMax);
    this.#refusals.set(claimantId, { until, error });
  }
}
