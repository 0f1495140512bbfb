import type { Owner } from "../identity/owner.ts";
import { type EventBatch, eventBatches } from "../store/executions.ts";
import type { ReadStore } from "../store/store.ts";

const batchesReadMax = 400;
const bytesReadMax = 4 * 1024 * 1024;

/**
 * The last batches of an execution's log in their order, so that its end can be read without the
 * rest, which may be thousands of documents.
 * @param isEnough Called with each batch, from the last one back; true if no earlier one is wanted.
 */
export async function readLastEvents(
  store: ReadStore,
  owner: Owner,
  executionId: string,
  isEnough: (batch: EventBatch) => boolean,
): Promise<readonly EventBatch[]> {
  const found = await store.findFitting(
    eventBatches.all(owner, executionId),
    { orderBy: [["firstSequence", "desc"]], limit: batchesReadMax },
    { isEnough, firstChunk: 3, bytesMax: bytesReadMax },
  );
  return found.map(({ value }) => value).toReversed();
}
