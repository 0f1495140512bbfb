import type { Owner } from "../identity/owner.ts";
import { fieldsBytes } from "../store/document-room.ts";
import { type EventBatch, eventBatches } from "../store/executions.ts";
import type { Store } from "../store/store.ts";

/** How many bytes are kept for a slow reader; a single batch may be larger. */
const recentBytesMax = 64 * 1024;

/** The size of each batch. All readers of an execution share it, so it is counted once. */
const sizes = new WeakMap<EventBatch, number>();

/**
 * Wakes a reader when an execution's log grows. It keeps the newest batches, so a reader that keeps
 * up gets them without a read.
 */
export class NewEventNotifier {
  readonly #signal: AbortSignal;
  readonly #stopListening: () => void;
  /** The newest batches, without a gap between them. */
  #recent: EventBatch[] = [];
  #failure: Error | null = null;
  #wake: (() => void) | null = null;

  constructor(
    store: Store,
    owner: Owner,
    options: { readonly executionId: string; readonly signal: AbortSignal },
  ) {
    this.#signal = options.signal;
    const batches = eventBatches.all(owner, options.executionId);
    this.#stopListening = store.listenHighest(batches, "lastSequence", {
      next: (newest) => this.#onNewest(newest),
      error: (error) => {
        this.#failure = error;
        this.#wake?.();
      },
    });
  }

  /**
   * Waits for the batches after `sequence`, at most `withinMs`.
   * @returns Null if the caller must read the log: older batches are needed, or none came.
   * @throws The listener's error.
   */
  async next(sequence: number, withinMs: number): Promise<readonly EventBatch[] | null> {
    if (!this.#hasNewer(sequence)) await this.#untilNewer(sequence, withinMs);
    if (this.#failure) throw this.#failure;
    const recent = this.#recent;
    const first = recent.findIndex(({ lastSequence }) => lastSequence > sequence);
    const begins = recent[first]?.firstSequence ?? Number.POSITIVE_INFINITY;
    if (begins > sequence + 1) return null;
    this.#recent = [];
    return recent.slice(first);
  }

  stop(): void {
    this.#stopListening();
  }

  #onNewest(newest: EventBatch | null): void {
    const follows = newest?.firstSequence === (this.#recent.at(-1)?.lastSequence ?? 0) + 1;
    this.#recent = [...(follows ? this.#recent : []), ...(newest ? [newest] : [])];
    let bytes = this.#recent.reduce((sum, batch) => sum + bytesOf(batch), 0);
    while (bytes > recentBytesMax && this.#recent.length > 1) {
      const [oldest] = this.#recent.splice(0, 1);
      bytes -= oldest ? bytesOf(oldest) : 0;
    }
    this.#wake?.();
  }

  /** Resolves when a batch after `sequence` comes, when time is up, or when the reader leaves. */
  async #untilNewer(sequence: number, withinMs: number): Promise<void> {
    let isOver = this.#signal.aborted;
    const over = () => {
      isOver = true;
      this.#wake?.();
    };
    const timer = setTimeout(over, Math.max(0, withinMs));
    this.#signal.addEventListener("abort", over, { once: true });
    while (!isOver && !this.#hasNewer(sequence)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#wake = null;
    clearTimeout(timer);
    this.#signal.removeEventListener("abort", over);
  }

  #hasNewer(sequence: number): boolean {
    return this.#failure !== null || (this.#recent.at(-1)?.lastSequence ?? 0) > sequence;
  }
}

function bytesOf(batch: EventBatch): number {
  const known = sizes.get(batch) ?? fieldsBytes(batch.events);
  sizes.set(batch, known);
  return known;
}
