import type { Evidence } from "#shared/core/audit/evidence-format";
import { isExpired } from "#shared/core/retention/expiry";
import { changesMax } from "#shared/protocol/file-changes";
import { type Execution, eventBatches } from "#shared/store/executions";
import { type Sources, whyLogsAreGone } from "./sources.ts";

/** A runner reports changed files when it has saved them, and says little after that. */
const eventsReadMin = 3 * changesMax;
const batchesReadMax = 400;
const bytesReadMax = 4 * 1024 * 1024;

interface FileChanges {
  readonly files: NonNullable<Evidence["files"]> | null;
  /** Why there are none, or not all. */
  readonly reason: string | null;
}

/** The files that its runner reported as changed, from the end of the event log. */
export async function readFileChanges(
  { store, owner, now }: Sources,
  execution: Execution,
): Promise<FileChanges> {
  const unknown = (reason: string): FileChanges => ({ files: null, reason });
  const gone = whyLogsAreGone(execution, now);
  if (gone !== null) return unknown(gone);
  const { id, workspaceState, eventsLastSequence } = execution;
  if (workspaceState === null) return unknown("No runner has reported what it saved.");
  if (workspaceState === "unchanged") return { files: [], reason: null };
  let count = 0;
  const isEnough = ({ events }: { readonly events: readonly unknown[] }) => {
    count += events.length;
    return count >= eventsReadMin;
  };
  const found = await store.findFitting(
    eventBatches.all(owner, id),
    { orderBy: [["firstSequence", "desc"]], limit: batchesReadMax },
    { isEnough, firstChunk: 3, bytesMax: bytesReadMax },
  );
  const batches = found.filter(({ value }) => !isExpired(value, now)).toReversed();
  const events = batches.flatMap(({ value }) => value.events);
  const isWhole =
    events.at(-1)?.sequence === eventsLastSequence &&
    (count >= eventsReadMin || events[0]?.sequence === 1);
  if (!isWhole) return unknown("The event log isn't there as a whole.");
  const files = events.flatMap(({ item }) => {
    if (item.type !== "file_change") return [];
    const { path, changeKind, additions, deletions } = item;
    return [{ path, changeKind, additions, deletions }];
  });
  if (workspaceState === "not_saved" && files.length === 0) return unknown("Nothing was saved.");
  const isCut = files.length >= changesMax;
  return { files, reason: isCut ? `A runner reports the first ${changesMax} files only.` : null };
}
