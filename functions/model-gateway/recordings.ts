/**
 * Keeps answers of calls with an idempotency key, for clients that repeat a call whose answer they
 * lost. They are in this process's memory only: after a restart the meter still knows that the call
 * was charged, and the repetition is refused instead of being made and charged again (MOD-3).
 */
import { LRUCache } from "lru-cache";

export interface Recording {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer;
}

const bytesMax = 32 * 1024 * 1024;
export const recordedBytesMax = 1024 * 1024;
const keptMs = 10 * 60_000;

export class Recordings {
  readonly #kept = new LRUCache<string, Recording>({
    maxSize: bytesMax,
    sizeCalculation: ({ body }) => body.length + 1_024,
    ttl: keptMs,
  });

  keep(executionId: string, keySha256: string, recording: Recording): void {
    if (recording.body.length > recordedBytesMax) return;
    this.#kept.set(`${executionId} ${keySha256}`, recording);
  }

  find(executionId: string, keySha256: string): Recording | null {
    return this.#kept.get(`${executionId} ${keySha256}`) ?? null;
  }
}
