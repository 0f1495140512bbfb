/** An execution's events, as they come and in the same order every time. */
import type { Owner } from "../auth/owner.ts";
import type { RunnerEvent } from "../protocol/runner.ts";
import { type EventBatch, type Execution, eventBatches, executions } from "../store/executions.ts";
import type { Store } from "../store/store.ts";

export type Followed =
  | { readonly type: "event"; readonly event: RunnerEvent }
  | { readonly type: "end"; readonly execution: Execution };

const ended = new Set<Execution["status"]>(["success", "failed", "cancelled"]);

/**
 * Yields the events after `afterSequence`, and the end once all that came before it have been
 * yielded. Ends without an end when `signal` is aborted. Two listeners, no polling.
 * @throws what a listener failed with; the reader reconnects and resumes.
 */
export async function* follow(
  store: Store,
  owner: Owner,
  of: {
    readonly executionId: string;
    readonly afterSequence: number;
    readonly signal: AbortSignal;
  },
): AsyncGenerator<Followed> {
  const { executionId, signal } = of;
  const inbox = new Inbox(signal);
  const after = { field: "lastSequence", value: of.afterSequence };
  const stopBatches = store.listenAll(eventBatches.all(owner, executionId), after, {
    next: (batch) => inbox.addBatch(batch),
    error: (error) => inbox.fail(error),
  });
  const stopExecution = store.listen(executions.of(owner, executionId), {
    next: (execution) => inbox.setExecution(execution),
    error: (error) => inbox.fail(error),
  });
  try {
    yield* inOrder(inbox, of.afterSequence);
  } finally {
    stopBatches();
    stopExecution();
  }
}

async function* inOrder(inbox: Inbox, afterSequence: number): AsyncGenerator<Followed> {
  let last = afterSequence;
  while (!inbox.aborted) {
    for (let batch = inbox.take(last); batch; batch = inbox.take(last)) {
      for (const event of batch.events) {
        if (event.sequence <= last) continue;
        last = event.sequence;
        yield { type: "event", event };
      }
    }
    const { execution } = inbox;
    if (execution && ended.has(execution.status) && last >= execution.eventsLastSequence) {
      yield { type: "end", execution };
      return;
    }
    await inbox.changed();
  }
}

/** What the listeners have brought and nobody has taken yet; as large as one execution's stream. */
class Inbox {
  execution: Execution | null = null;
  readonly #batches = new Map<number, EventBatch>();
  readonly #signal: AbortSignal;
  #failure: Error | null = null;
  #wake: (() => void) | null = null;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener("abort", () => this.#changed(), { once: true });
  }

  get aborted(): boolean {
    return this.#signal.aborted;
  }

  addBatch(batch: EventBatch): void {
    this.#batches.set(batch.firstSequence, batch);
    this.#changed();
  }

  setExecution(execution: Execution): void {
    this.execution = execution;
    this.#changed();
  }

  fail(error: Error): void {
    this.#failure = error;
    this.#changed();
  }

  /** The batch that goes on after `sequence`; batches may arrive out of order. */
  take(sequence: number): EventBatch | null {
    for (const [first, batch] of this.#batches) {
      if (first > sequence + 1) continue;
      this.#batches.delete(first);
      if (batch.lastSequence > sequence) return batch;
    }
    return null;
  }

  async changed(): Promise<void> {
    if (this.#failure) throw this.#failure;
    if (this.aborted) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    if (this.#failure) throw this.#failure;
  }

  #changed(): void {
    this.#wake?.();
    this.#wake = null;
  }
}
