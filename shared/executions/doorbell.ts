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
    if (!this.#hasNews(sequence)) await this.#rung(withinMs);
    if (this.#failure) throw this.#failure;
    const newest = this.#newest;
    if (!newest || !this.#hasNews(sequence)) return null;
    if (newest.firstSequence > sequence + 1) return null;
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

  #hasNews(sequence: number): boolean {
    return this.#failure !== null || (this.#newest?.lastSequence ?? 0) > sequence;
  }

  async #rung(withinMs: number): Promise<void> {
    if (this.#signal.aborted) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => this.#wake?.(), Math.max(0, withinMs));
      this.#wake = () => {
        clearTimeout(timer);
        this.#signal.removeEventListener("abort", wake);
        this.#wake = null;
        resolve();
      };
      const wake = this.#wake;
      this.#signal.addEventListener("abort", wake, { once: true });
    });
  }
}
