import { noParams, noQuery, ok } from "#shared/contract/common";
import { readFlushMs } from "#shared/executions/timing";
import { route } from "#shared/pipeline/route";
import { EventsReply, EventsRequest, eventBatchBytesMax } from "#shared/protocol/runner";
import { isConflict } from "#shared/store/answered";
import { create } from "#shared/store/documents";
import { eventBatches, eventBatchId } from "#shared/store/executions";

const retentionMs = 30 * 86_400_000;

export const storeEvents = route({
  answers: "POST /internal/executions/events",
  summary: "Store a batch of numbered events; one that was stored before changes nothing.",
  authenticate: "execution",
  scope: "none",
  params: noParams,
  query: noQuery,
  body: EventsRequest,
  bodyBytesMax: 2 * eventBatchBytesMax,
  limits: "none",
  budget: "free",
  audit: "none",
  reply: { 200: EventsReply },
  // One write and no read; events concern nobody's money, so they take no part in its commits.
  read: async ({ caller: { owner, id }, body: { events }, deps, now }) => {
    const firstSequence = events[0]?.sequence ?? 1;
    const lastSequence = events.at(-1)?.sequence ?? firstSequence;
    const ref = eventBatches.of(owner, id, eventBatchId(firstSequence));
    const expireAt = new Date(now + retentionMs);
    try {
      await deps.store.commit([
        create(ref, { v: 1, firstSequence, lastSequence, events, expireAt }),
      ]);
    } catch (error) {
      // The answer to the first try was lost.
      if (!isConflict(error)) throw error;
    }
    return lastSequence;
  },
  decide({ data: acknowledgedSequence }) {
    return { writes: [], reply: ok({ acknowledgedSequence, flushIntervalMs: readFlushMs }) };
  },
});
