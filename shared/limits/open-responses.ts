/**
 * Limits the streams and downloads that a key and an owner have open at once. Each takes memory and
 * a listener for as long as its reader likes (TEN-2). Each instance counts its own, as it counts
 * requests (ADR 10).
 */
import { ApiError } from "../errors/api-error.ts";

export interface OpenResponsesLimits {
  readonly openPerKeyMax: number;
  readonly openPerOwnerMax: number;
}

/** When to try again. Streams end at any moment, so a short wait may be enough. */
const retryAfterS = "5";

export class OpenResponses {
  readonly #limits: OpenResponsesLimits;
  readonly #counts = new Map<string, number>();

  constructor(limits: OpenResponsesLimits) {
    this.#limits = limits;
  }

  /**
   * Takes one of the key's places and one of its owner's, or neither.
   * @returns a function that gives them back; calling it again changes nothing.
   * @throws {ApiError} `STREAMS_LIMITED`.
   */
  take(keyId: string, ownerId: string): () => void {
    const { openPerKeyMax, openPerOwnerMax } = this.#limits;
    this.#require(keyId, openPerKeyMax, "one API key");
    this.#require(ownerId, openPerOwnerMax, "one account");
    this.#add(keyId, 1);
    this.#add(ownerId, 1);
    let isOpen = true;
    return () => {
      if (!isOpen) return;
      isOpen = false;
      this.#add(keyId, -1);
      this.#add(ownerId, -1);
    };
  }

  #require(subject: string, limit: number, who: string): void {
    const open = this.#counts.get(subject) ?? 0;
    if (open < limit) return;
    throw new ApiError("STREAMS_LIMITED", {
      message: `At most ${limit} streams and downloads of ${who} are open at once; close some.`,
      details: { open, limit },
      headers: { "retry-after": retryAfterS },
    });
  }

  #add(subject: string, change: 1 | -1): void {
    const count = (this.#counts.get(subject) ?? 0) + change;
    if (count > 0) this.#counts.set(subject, count);
    else this.#counts.delete(subject);
  }
}
