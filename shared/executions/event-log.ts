/**
 * Reads an execution's event log: batches in the order of their numbers, closed by an empty one.
 */

import { isExpired } from "../core/retention/expiry.ts";
import { allInOrder } from "../errors/all-in-order.ts";
import type { Owner } from "../identity/owner.ts";
import { type EventBatch, type Execution, eventBatches } from "../store/executions.ts";
import type { ReadStore } from "../store/store.ts";

/** How many bytes of the log a reader holds at a time; a single batch may be larger. */
const heldBytesMax = 256 * 1024;
/** The most batches per page. Batches that don't fit are read for nothing, half a megabyte each. */
const pageLengthMax = 8;

/**
 * The highest number in the log; 0 if it is empty. Both ends of batches are looked at, because logs
 * were once stored whose numbers fall within a batch, and such an execution must end too.
 */
export async function lastStoredSequence(
  store: ReadStore,
  owner: Owner,
  executionId: string,
): Promise<number> {
  const batches = eventBatches.all(owner, executionId);
  const [[last], [first]] = await allInOrder([
    store.findAll(batches, { orderBy: [["lastSequence", "desc"]], limit: 1 }),
    store.findAll(batches, { orderBy: [["firstSequence", "desc"]], limit: 1 }),
  ]);
  return Math.max(last?.value.lastSequence ?? 0, first?.value.firstSequence ?? 0);
}

/**
 * Whether the events of an execution are shown to nobody any more: one of its messages was deleted,
 * which they repeat, and erasing them may take a while.
 */
export function areEventsDeleted({
  endedAt,
  eventsLastSequence,
}: Pick<Execution, "endedAt" | "eventsLastSequence">): boolean {
  return endedAt !== null && eventsLastSequence === 0;
}

/** Reads a log page by page. Pages get longer as long as they are small. */
export class LogPages {
  readonly #store: ReadStore;
  readonly #owner: Owner;
  readonly #executionId: string;
  #length = 2;

  constructor(store: ReadStore, owner: Owner, executionId: string) {
    this.#store = store;
    this.#owner = owner;
    this.#executionId = executionId;
  }

  /**
   * The next batches after `sequence`, in order; empty if it is the last event so far. Batches that
   * have expired are left out.
   * @returns Them, and how many batches were read.
   */
  async after(
    sequence: number,
    now: number,
  ): Promise<{ readonly batches: readonly EventBatch[]; readonly readCount: number }> {
    let [place, readCount] = [sequence, 0];
    for (;;) {
      const page = await this.#page(place);
      readCount += page.length;
      const batches = page.filter((batch) => !isExpired(batch, now));
      const last = page.at(-1);
      if (!last || batches.length > 0) return { batches, readCount };
      place = last.lastSequence;
    }
  }

  async #page(sequence: number): Promise<readonly EventBatch[]> {
    const limit = this.#length;
    const page = {
      between: { field: "lastSequence", from: sequence + 1, to: undefined },
      orderBy: [["lastSequence", "asc"]],
      limit,
    } as const;
    const batches = eventBatches.all(this.#owner, this.#executionId);
    const fitting = { bytesMax: heldBytesMax, firstChunk: limit };
    const found = await this.#store.findFitting(batches, page, fitting);
    // If a page didn't fit as a whole, the next one probably wouldn't either.
    this.#length = found.length < limit ? Math.max(1, found.length) : 2 * limit;
    this.#length = Math.min(this.#length, pageLengthMax);
    return found.map(({ value }) => value);
  }
}
