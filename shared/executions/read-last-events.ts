import { isExpired } from "../core/retention/expiry.ts";
import type { Owner } from "../identity/owner.ts";
import type { RunnerEvent } from "../protocol/runner.ts";
import { type EventBatch, eventBatches } from "../store/executions.ts";
import type { ReadStore } from "../store/store.ts";

const batchesReadMax = 400;
const bytesReadMax = 4 * 1024 * 1024;

/**
 * The last batches of an execution's log in their order, so that its end can be read without the
 * rest, which may be thousands of documents.
 * @param isEnough Called with each batch, from the last one back; true if no earlier one is wanted.
 * @param limit How many are read at most.
 */
export async function readLastEvents(
  store: ReadStore,
  owner: Owner,
  executionId: string,
  isEnough: (batch: EventBatch) => boolean,
  limit = batchesReadMax,
): Promise<readonly EventBatch[]> {
  const found = await store.findFitting(
    eventBatches.all(owner, executionId),
    { orderBy: [["firstSequence", "desc"]], limit },
    { isEnough, firstChunk: 3, bytesMax: bytesReadMax },
  );
  return found.map(({ value }) => value).toReversed();
}

interface End {
  /** In their order, without those that have expired. */
  readonly events: readonly RunnerEvent[];
  /** Whether none is missing before them. */
  readonly isWhole: boolean;
}

/**
 * The end of an execution's log, as an answer shows it.
 * @param which.batchesMax How much is read of a log whose batches are small.
 * @param isEnough Called with the events of each batch, from the last one back.
 */
export async function readEndOfLog(
  store: ReadStore,
  owner: Owner,
  which: { readonly executionId: string; readonly batchesMax: number; readonly now: number },
  isEnough: (events: readonly RunnerEvent[]) => boolean,
): Promise<End> {
  const { executionId, batchesMax, now } = which;
  const isFull = ({ events }: EventBatch) => isEnough(events);
  const batches = await readLastEvents(store, owner, executionId, isFull, batchesMax);
  const kept = batches.filter((batch) => !isExpired(batch, now));
  const events = kept.flatMap((batch) => batch.events);
  return { events, isWhole: batches.length === 0 || batches[0]?.firstSequence === 1 };
}
