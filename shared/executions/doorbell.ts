import type { Owner } from "../auth/owner.ts";
import { type EventBatch, eventBatches } from "../store/executions.ts";
import type { Store } from "../store/store.ts";

/**
 * Rings when an execution's log grows. Holds its newest batch alone, however many there were: for a
 * reader that keeps up it's the next one, and costs no second read.
 */
export class Doorbell {
  readonly #signal: AbortSignal;
  readonly #stopListening: () => void;
  #newest: EventBatch | null = null;
  #failure: Error | null = null;
  #wake: (() => void) | null = null;

  constructor(
    store: Store,
    owner: Owner,
    of: { readonly executionId: string; readonly signal: AbortSignal },
  ) {
    this.#signal = of.signal;
    const batches = eventBatches.all(owner, of.executionId);
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
   * there is more than the newest, or because nothing was heard.
   * @throws what the listener failed with.
   */
  async next(sequence: number, withinMs: number): Promise<readonly EventBatch[] | null> {
    if (!this.#hasNews(sequence)) await this.#news(sequence, withinMs);
    if (this.#failure) throw this.#failure;
    const newest = this.#newest;
    if (!newest || newest.lastSequence <= sequence || newest.firstSequence > sequence + 1) {
      return null;
    }
    this.#newest = null;
    return [newest];
  }

  stop(): void {
    this.#stopListening();
  }

  #ring(newest: EventBatch | null): void {
    this.#newest = newest;
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
    return this.#failure !== null || (this.#newest?.lastSequence ?? 0) > sequence;
  }
}
