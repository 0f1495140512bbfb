/** An execution's event log: batches ordered by number; the last batch is empty. */
import type { Owner } from "../identity/owner.ts";
import { type EventBatch, eventBatches } from "../store/executions.ts";
import type { Store } from "../store/store.ts";

/** How much of the log a reader holds at a time; a single batch may be larger. */
const heldBytesMax = 256 * 1024;
const pageLengthMax = 16;

/** The number of the last stored event; 0 if there is none. */
export async function lastStoredSequence(
  store: Store,
  owner: Owner,
  executionId: string,
): Promise<number> {
  const newest = { orderBy: [["lastSequence", "desc"]] as const, limit: 1 };
  const [found] = await store.findRefs(eventBatches.all(owner, executionId), newest);
  return found?.value.lastSequence ?? 0;
}

/** Reads a log page by page; pages get longer while they are small. */
export class LogPages {
  readonly #store: Store;
  readonly #owner: Owner;
  readonly #executionId: string;
  #length = 2;

  constructor(store: Store, owner: Owner, executionId: string) {
    this.#store = store;
    this.#owner = owner;
    this.#executionId = executionId;
  }

  /** The next batches after `sequence`, in order; empty if that is the last event so far. */
  async after(sequence: number): Promise<readonly EventBatch[]> {
    const limit = this.#length;
    const page = {
      between: { field: "lastSequence", from: sequence + 1, to: undefined },
      orderBy: [["lastSequence", "asc"]],
      limit,
    } as const;
    const batches = eventBatches.all(this.#owner, this.#executionId);
    const found = await this.#store.findFitting(batches, page, { bytesMax: heldBytesMax });
    // If this page had to be cut, the next one shouldn't be longer.
    this.#length = found.length < limit ? Math.max(1, found.length) : 2 * limit;
    this.#length = Math.min(this.#length, pageLengthMax);
    return found.map(({ value }) => value);
  }
}
