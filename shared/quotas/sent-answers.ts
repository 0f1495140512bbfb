/**
 * Bytes of answers that leave beside files: a list may be megabytes, a stream as much each time it
 * is replayed, and both cost us what they weigh. They count on the same day's bytes as downloads
 * (TEN-2). What an answer comes to is known when it has been sent, so it is added up in memory and
 * written now and then: each instance may send some megabytes beyond the quota.
 */
import { LRUCache } from "lru-cache";
import type { Owner } from "../identity/owner.ts";
import { countSent, dayMs, tooMuchDownloaded } from "./count-download.ts";
import type { CountingStore } from "./store-object.ts";

/** What one instance may have sent and not yet written: a write each would cost more than it. */
const unwrittenBytesMax = 4 * 1024 * 1024;
/** Owners of which something is remembered. */
const ownersMax = 10_000;

export interface SentAnswersOptions {
  readonly bytesMax: number;
  readonly now: () => number;
  /** Told of what couldn't be written; it is tried again with what is sent next. */
  readonly onFailure: (cause: unknown) => void;
}

export class SentAnswers {
  readonly #store: () => CountingStore;
  readonly #options: SentAnswersOptions;
  readonly #unwritten = new LRUCache<string, number>({ max: ownersMax });
  /** UTC days since 1970 on which an owner's bytes were used up. */
  readonly #full = new LRUCache<string, number>({ max: ownersMax });

  /** @param store asked for only when something is written: a function may have none. */
  constructor(store: () => CountingStore, options: SentAnswersOptions) {
    this.#store = store;
    this.#options = options;
  }

  /** @throws {ApiError} `RATE_LIMITED` if the day's bytes are known to be used up. */
  requireRoom(ownerId: string): void {
    const { bytesMax, now } = this.#options;
    const at = now();
    if (this.#full.get(ownerId) === Math.floor(at / dayMs)) throw tooMuchDownloaded(at, bytesMax);
  }

  /** @returns once it is written, if so much was sent that it is. */
  async add(owner: Owner, bytes: number): Promise<void> {
    const sizeBytes = (this.#unwritten.get(owner.id) ?? 0) + bytes;
    if (sizeBytes < unwrittenBytesMax) {
      this.#unwritten.set(owner.id, sizeBytes);
      return;
    }
    this.#unwritten.delete(owner.id);
    const { bytesMax, now, onFailure } = this.#options;
    const at = now();
    try {
      const counted = await countSent(this.#store(), owner, { sizeBytes, now: at });
      if (counted >= bytesMax) this.#full.set(owner.id, Math.floor(at / dayMs));
    } catch (cause) {
      this.#unwritten.set(owner.id, (this.#unwritten.get(owner.id) ?? 0) + sizeBytes);
      onFailure(cause);
    }
  }
}
