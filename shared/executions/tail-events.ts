/** An execution's events, as they come and in the same order every time. */
import type { Owner } from "../identity/owner.ts";
import type { RunnerEvent } from "../protocol/runner.ts";
import { type EventBatch, type Execution, executions, hasEnded } from "../store/executions.ts";
import { LogPages } from "./event-log.ts";
import { markReader } from "./mark-reader.ts";
import { NewEventNotifier } from "./new-event-notifier.ts";
import type { SweepDeps } from "./sweep.ts";
import { lookMs } from "./timing.ts";

export type TailedEvent =
  | { readonly type: "event"; readonly event: RunnerEvent }
  | { readonly type: "end"; readonly execution: Execution };

/**
 * Yields the events after `afterSequence`, and the end once all that came before it have been
 * yielded. Ends without an end when `signal` is aborted. What is new comes by a listener to a
 * reader that keeps up; one that is behind reads pages and holds no more than one of them. An
 * execution that has ended needs no listener.
 * @throws what the database failed with; the reader reconnects and resumes.
 */
export async function* tailEvents(
  deps: SweepDeps,
  owner: Owner,
  of: {
    readonly execution: Execution;
    readonly afterSequence: number;
    readonly signal: AbortSignal;
  },
): AsyncGenerator<TailedEvent> {
  const { execution, signal } = of;
  const { id } = execution;
  const pages = new LogPages(deps.store, owner, id);
  let ended = hasEnded(execution) ? execution : null;
  let last = of.afterSequence;
  let lookAt = deps.now() + lookMs;
  const notifier = ended
    ? null
    : new NewEventNotifier(deps.store, owner, { executionId: id, signal });
  try {
    while (!signal.aborted) {
      if (ended && last >= ended.eventsLastSequence) return yield { type: "end", execution: ended };
      const notified = ended ? null : await notifier?.next(last, lookAt - deps.now());
      const batches = notified ?? (signal.aborted ? [] : await pages.after(last));
      for (const event of eventsOf(batches)) {
        if (event.sequence <= last) continue;
        last = event.sequence;
        yield { type: "event", event };
      }
      // A log is kept for a month only: what has ended has nothing more to wait for.
      if (ended && batches.length === 0) return yield { type: "end", execution: ended };
      if (batches.some(closesLog)) {
        ended ??= (await deps.store.require(executions.of(owner, id))).value;
      } else if (!ended && deps.now() >= lookAt) {
        const found = await markReader(deps, owner, id);
        ended = hasEnded(found) ? found : null;
        lookAt = deps.now() + lookMs;
      }
    }
  } finally {
    notifier?.stop();
  }
}

function closesLog({ events }: EventBatch): boolean {
  return events.length === 0;
}

/** Those before the end: a runner that was given up may go on storing some. */
function eventsOf(batches: readonly EventBatch[]): readonly RunnerEvent[] {
  const end = batches.findIndex(closesLog);
  return batches.slice(0, end === -1 ? batches.length : end).flatMap(({ events }) => events);
}
