/** The files that an execution's runner reported as changed, from the end of the event log. */
import type { Evidence } from "#shared/core/audit/evidence-format";
import { isExpired } from "#shared/core/retention/expiry";
import { readLastEvents } from "#shared/executions/read-last-events";
import type { Owner } from "#shared/identity/owner";
import { changesMax } from "#shared/protocol/file-changes";
import type { EventBatch, Execution } from "#shared/store/executions";
import type { ReadStore } from "#shared/store/store";
import { whyLogsAreGone } from "./sources.ts";

/** A runner reports changed files when it has saved them, and says little after that. */
const eventsReadMin = 3 * changesMax;

/** The last batches of the log that have so many events together, in their order. */
export async function readEnd(
  store: ReadStore,
  owner: Owner,
  executionId: string,
): Promise<readonly EventBatch[]> {
  let count = 0;
  return await readLastEvents(store, owner, executionId, ({ events }) => {
    count += events.length;
    return count >= eventsReadMin;
  });
}

/** @returns Them; null if they aren't known. The reason says why they aren't, or not all. */
export function fileChangesIn(
  batches: readonly EventBatch[],
  execution: Execution,
  now: number,
): { readonly files: NonNullable<Evidence["files"]> | null; readonly reason: string | null } {
  const unknown = (reason: string) => ({ files: null, reason });
  const gone = whyLogsAreGone(execution, now);
  if (gone !== null) return unknown(gone);
  const { workspaceState, eventsLastSequence } = execution;
  if (workspaceState === null) return unknown("No runner has reported what it saved.");
  if (workspaceState === "unchanged") return { files: [], reason: null };
  const kept = batches.filter((batch) => !isExpired(batch, now));
  const events = kept.flatMap((batch) => batch.events);
  const isWhole =
    events.at(-1)?.sequence === eventsLastSequence &&
    (events.length >= eventsReadMin || events[0]?.sequence === 1);
  if (!isWhole) return unknown("The end of the event log isn't there, or is too long to be read.");
  const files = events.flatMap(({ item }) => {
    if (item.type !== "file_change") return [];
    const { path, changeKind, additions, deletions } = item;
    return [{ path, changeKind, additions, deletions }];
  });
  if (workspaceState === "not_saved" && files.length === 0) return unknown("Nothing was saved.");
  const isCut = files.length >= changesMax;
  return { files, reason: isCut ? `A runner reports the first ${changesMax} files only.` : null };
}
