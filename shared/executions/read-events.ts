import type { Owner } from "../identity/owner.ts";
import type { RunnerEvent } from "../protocol/runner.ts";
import type { ReadStore } from "../store/store.ts";
import { LogPages } from "./event-log.ts";

/**
 * Yields the events of an execution that are stored, after the one with the number `after`, page by
 * page. It ends at the last one so far, or at the one that closes the log.
 */
export async function* readEvents(
  store: ReadStore,
  owner: Owner,
  which: { readonly executionId: string; readonly after: number; readonly now: number },
): AsyncGenerator<RunnerEvent> {
  const pages = new LogPages(store, owner, which.executionId);
  for (let last = which.after; ; ) {
    const { batches } = await pages.after(last, which.now);
    for (const { events } of batches) {
      if (events.length === 0) return;
      for (const event of events) if (event.sequence > last) yield event;
    }
    const end = batches.at(-1);
    if (!end) return;
    last = end.lastSequence;
  }
}
