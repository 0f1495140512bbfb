import type { Owner } from "../identity/owner.ts";
import { fieldsBytes } from "../store/document-room.ts";
import { type EventBatch, eventBatches } from "../store/executions.ts";
import type { Store } from "../store/store.ts";

/** What a reader may be behind without reading again; one batch may be larger. */
const recentBytesMax = 64 * 1024;

/** Bytes of each batch: all readers of an execution share it, so they are counted once. */
const sizes = new WeakMap<EventBatch, number>();

/**
 * Rings when an execution's log grows. Holds its newest batches alone, however many there were: for
 * a reader that about keeps up they are the next ones, and cost no second read.
 */
export class NewEventNotifier {
  readonly #signal: AbortSignal;
  readonly #stopListening: () => void;
  /** The newest batches, one following the other. */
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
      next: (newest) => this.#ring(newest),
      error: (error) => {
        this.#failure = error;
        this.#wake?.();
      },
    });
  }

  /**
   * Waits for what comes after `sequence`, at most `withinMs`. Null if that must be read: because
   * there is more than the newest ones, or because nothing was heard.
   * @throws what the listener failed with.
   */
  async next(sequence: number, withinMs: number): Promise<readonly EventBatch[] | null> {
    if (!this.#hasNews(sequence)) await this.#news(sequence, withinMs);
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

  #ring(newest: EventBatch | null): void {
    const follows = newest?.firstSequence === (this.#recent.at(-1)?.lastSequence ?? 0) + 1;
    this.#recent = [...(follows ? this.#recent : []), ...(newest ? [newest] : [])];
    let bytes = this.#recent.reduce((sum, batch) => sum + bytesOf(batch), 0);
    while (bytes > recentBytesMax && this.#recent.length > 1) {
      const [oldest] = this.#recent.splice(0, 1);
      bytes -= oldest ? bytesOf(oldest) : 0;
    }
    this.#wake?.();
  }

  /** Resolves when there is something after `sequence`, when time is up, or when nobody waits. */
  async #news(sequence: number, withinMs: number): Promise<void> {
    let isOver = this.#signal.aborted;
    const over = () => {
      isOver = true;
      this.#wake?.();
    };
    const timer = setTimeout(over, Math.max(0, withinMs));
    this.#signal.addEventListener("abort", over, { once: true });
    while (!isOver && !this.#hasNews(sequence)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#wake = null;
    clearTimeout(timer);
    this.#signal.removeEventListener("abort", over);
  }

  #hasNews(sequence: number): boolean {
    return this.#failure !== null || (this.#recent.at(-1)?.lastSequence ?? 0) > sequence;
  }
}

function bytesOf(batch: EventBatch): number {
  const known = sizes.get(batch) ?? fieldsBytes(batch.events);
  sizes.set(batch, known);
  return known;
}
