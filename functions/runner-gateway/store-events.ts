import { noParams, noQuery, ok } from "#shared/contract/common";
import { flushIntervalMs } from "#shared/executions/timing";
import { action } from "#shared/pipeline/route";
import { EventsReply, EventsRequest, eventBatchBytesMax } from "#shared/protocol/runner";
import { addToLog } from "#shared/store/executions";
import { isConflict } from "#shared/store/with-deadline";
import { requireRunning } from "./live-executions.ts";

export const storeEvents = action({
  endpoint: "POST /internal/executions/events",
  summary: "Store a batch of numbered events; storing the same batch again changes nothing.",
  authenticate: "execution",
  scope: "none",
  params: noParams,
  query: noQuery,
  body: EventsRequest,
  bodyBytesMax: 2 * eventBatchBytesMax,
  requestClass: "none",
  reply: { 200: EventsReply },
  beforeConfirmed: "nothing",
  read: "nothing",
  // One write and no read; events don't concern money, so they stay out of its commits.
  perform: async ({ caller: { owner, id, claims }, body, deps, now }) => {
    const { events } = body;
    await requireRunning(deps, owner, claims);
    const firstSequence = events[0]?.sequence ?? 1;
    const lastSequence = events.at(-1)?.sequence ?? firstSequence;
    try {
      await deps.store.commit([addToLog(owner, { executionId: id, firstSequence, now }, events)]);
    } catch (error) {
      // The answer to the first try was lost, or the execution has ended for this runner.
      if (!isConflict(error)) throw error;
    }
    // A runner of an older release doesn't say, and always sent often.
    const readerUntil = body.readerUntil ?? Number.POSITIVE_INFINITY;
    const reply = {
      acknowledgedSequence: lastSequence,
      flushIntervalMs: flushIntervalMs(readerUntil, now),
    };
    return ok(reply);
  },
});
