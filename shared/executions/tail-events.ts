/** Yields an execution's events as they are stored, always in the same order. */
import type { Owner } from "../identity/owner.ts";
import type { RunnerEvent } from "../protocol/runner.ts";
import { type EventBatch, type Execution, executions, hasEnded } from "../store/executions.ts";
import { LogPages } from "./event-log.ts";
import { markReader } from "./mark-reader.ts";
import { NewEventNotifier } from "./new-event-notifier.ts";
import type { ReadAllowance } from "./read-allowance.ts";
import type { SweepDeps } from "./sweep.ts";
import { readerCheckMs } from "./timing.ts";

export type TailedEvent =
  | { readonly type: "event"; readonly event: RunnerEvent }
  | { readonly type: "end"; readonly execution: Execution };

/**
 * Yields the events after `afterSequence`, and then the end. It returns without an end if `signal`
 * is aborted or `reads` are used up. A listener delivers new events to a reader that keeps up; a
 * reader that is behind reads the log page by page. For an execution that has ended there is no
 * listener.
 * @throws The database's error; the client reconnects and resumes.
 */
export async function* tailEvents(
  deps: SweepDeps,
  owner: Owner,
  options: {
    readonly execution: Execution;
    readonly afterSequence: number;
    readonly signal: AbortSignal;
    readonly reads: ReadAllowance;
  },
): AsyncGenerator<TailedEvent> {
  const { execution, signal, reads } = options;
  const { id } = execution;
  const pages = new LogPages(deps.store, owner, id);
  let ended = hasEnded(execution) ? execution : null;
  let last = options.afterSequence;
  let nextCheckAt = deps.now() + readerCheckMs;
  const notifier = ended
    ? null
    : new NewEventNotifier(deps.store, owner, { executionId: id, signal });
  try {
    while (!signal.aborted) {
      if (ended && last >= ended.eventsLastSequence) return yield { type: "end", execution: ended };
      const notified = ended ? null : await notifier?.next(last, nextCheckAt - deps.now());
      if (!notified && reads.areUsedUp) return;
      const log = notified || signal.aborted ? null : await pages.after(last, deps.now());
      const batches = notified ?? log?.batches ?? [];
      if (log) reads.count(log.readCount);
      for (const event of eventsOf(batches)) {
        if (event.sequence <= last) continue;
        last = event.sequence;
        yield { type: "event", event };
      }
      // Logs expire after a month; after that, only the end can be sent.
      if (ended && batches.length === 0) return yield { type: "end", execution: ended };
      if (batches.some(closesLog)) {
        // The log is closed, so events whose numbers its runner left out never come.
        ended ??= (await deps.store.require(executions.of(owner, id))).value;
        return yield { type: "end", execution: ended };
      }
      if (!ended && deps.now() >= nextCheckAt) {
        const found = await markReader(deps, owner, id);
        ended = hasEnded(found) ? found : null;
        nextCheckAt = deps.now() + readerCheckMs;
      }
    }
  } finally {
    notifier?.stop();
  }
}

function closesLog({ events }: EventBatch): boolean {
  return events.length === 0;
}

/** The events before the end. An abandoned runner may still store some after it. */
function eventsOf(batches: readonly EventBatch[]): readonly RunnerEvent[] {
  const end = batches.findIndex(closesLog);
  return batches.slice(0, end === -1 ? batches.length : end).flatMap(({ events }) => events);
}
