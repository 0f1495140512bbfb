/**
 * Counts the bytes of answers other than files towards the day's downloads (TEN-2), because they
 * cost money, too: a list may be megabytes long, and so may a stream each time it is replayed. An
 * answer's size is known only once it is sent. So sizes are added up in memory and written now and
 * then, and each instance may send some megabytes beyond the quota.
 */
import { LRUCache } from "lru-cache";
import type { Owner } from "../identity/owner.ts";
import { countSent, dayMs, tooMuchDownloaded } from "./count-download.ts";
import type { CountingStore } from "./store-object.ts";

/**
 * How much is sent before the count is written. A write per answer would cost more than the answer.
 */
const unwrittenBytesMax = 4 * 1024 * 1024;
/** How many owners are remembered. */
const ownersMax = 10_000;

export interface SentByteCounterOptions {
  readonly bytesMax: number;
  readonly now: () => number;
  /** Called if writing failed. The bytes are written with those that are sent next. */
  readonly onFailure: (cause: unknown) => void;
}

export class SentByteCounter {
  readonly #store: () => CountingStore;
  readonly #options: SentByteCounterOptions;
  readonly #unwritten = new LRUCache<string, number>({ max: ownersMax });
  /** The latest day on which each owner used up its bytes, as UTC days since 1970. */
  readonly #full = new LRUCache<string, number>({ max: ownersMax });

  /** @param store Called only when something is written, because a function may have no store. */
  constructor(store: () => CountingStore, options: SentByteCounterOptions) {
    this.#store = store;
    this.#options = options;
  }

  /** @throws {ApiError} `RATE_LIMITED` if the day's bytes are known to be used up. */
  requireRoom(ownerId: string): void {
    const { bytesMax, now } = this.#options;
    const at = now();
    if (this.#full.get(ownerId) === Math.floor(at / dayMs)) throw tooMuchDownloaded(at, bytesMax);
  }

  /** Resolves once the bytes are remembered, or written if there are enough of them. */
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
