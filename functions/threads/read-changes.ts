import pMap from "p-map";
import type * as z from "zod";
import { isExpired } from "#shared/core/retention/expiry";
import { areEventsDeleted } from "#shared/executions/event-log";
import { readLastEvents } from "#shared/executions/read-last-events";
import type { Owner } from "#shared/identity/owner";
import { changesMax } from "#shared/protocol/file-changes";
import type { Item } from "#shared/protocol/item";
import { type EventBatch, Execution, executionsOfThread } from "#shared/store/executions";
import type { ReadStore } from "#shared/store/store";

/** The newest executions of a thread whose file changes are looked at. */
const executionsMax = 50;
const concurrency = 4;

export type FileChange = Extract<Item, { type: "file_change" }>;

export interface FoundChange {
  readonly executionId: string;
  /** The event's number. */
  readonly number: number;
  readonly happenedAt: number;
  readonly change: FileChange;
}

const Part = Execution.pick({
  id: true,
  workspaceState: true,
  eventsLastSequence: true,
  createdAt: true,
  endedAt: true,
});
type Part = z.output<typeof Part>;

export interface FoundChanges {
  readonly changes: readonly FoundChange[];
  /** Whether there were no others: a runner reports the first, and its log is kept for a while. */
  readonly complete: boolean;
}

/** A runner says little after it has reported the files, so they are in one of the last batches. */
const batchesWithoutMax = 20;

/**
 * The file changes of one execution that are stored, in order. They are reported together once the
 * files are saved, so no more of the log is read than its end.
 */
export async function changesOf(
  store: ReadStore,
  owner: Owner,
  { execution, now }: { readonly execution: Part; readonly now: number },
): Promise<FoundChanges> {
  const { id: executionId, workspaceState } = execution;
  if (workspaceState === "unchanged") return { changes: [], complete: true };
  if (areEventsDeleted(execution)) return { changes: [], complete: workspaceState !== "saved" };
  let [found, without] = [false, 0];
  const batches = await readLastEvents(store, owner, executionId, ({ events }) => {
    const hasChanges = events.some(({ item }) => item.type === "file_change");
    if (hasChanges) [found, without] = [true, 0];
    else without += 1;
    return found ? without > 0 : without >= batchesWithoutMax;
  });
  const kept = batches.filter((batch: EventBatch) => !isExpired(batch, now));
  const changes = kept.flatMap(({ events }) =>
    events.flatMap(({ item, sequence: number, at: happenedAt }) =>
      item.type === "file_change" ? [{ executionId, number, happenedAt, change: item }] : [],
    ),
  );
  if (workspaceState !== "saved") return { changes, complete: changes.length < changesMax };
  const isWhole = found || batches[0]?.firstSequence === 1;
  const complete = isWhole && kept.length === batches.length && changes.length < changesMax;
  return { changes, complete };
}

/** The file changes of a thread's newest executions, in order. */
export async function changesOfThread(
  store: ReadStore,
  owner: Owner,
  { threadId, now }: { readonly threadId: string; readonly now: number },
): Promise<FoundChanges> {
  const newest = await store.findParts(executionsOfThread(owner), Part, {
    where: [["threadId", threadId]],
    orderBy: [["createdAt", "desc"]],
    limit: executionsMax + 1,
  });
  const looked = newest.slice(0, executionsMax).reverse();
  const read = (execution: Part) => changesOf(store, owner, { execution, now });
  const found = await pMap(looked, read, { concurrency });
  return {
    changes: found.flatMap(({ changes }) => changes),
    complete: newest.length <= executionsMax && found.every(({ complete }) => complete),
  };
}

const statuses = { created: "added", modified: "modified", deleted: "deleted" } as const;

interface Net {
  readonly path: string;
  readonly status: (typeof statuses)[keyof typeof statuses];
  readonly additions: number;
  readonly deletions: number;
}

/**
 * One entry for each path, with what all changes of it come to: a file that was added and deleted
 * again is left out. Lines are added up. Pure.
 */
export function netChanges(changes: readonly FileChange[]): readonly Net[] {
  const byPath = Map.groupBy(changes, ({ path }) => path);
  return [...byPath].flatMap(([path, all]) => {
    const [first, last] = [all[0]?.changeKind, all.at(-1)?.changeKind];
    if (first === undefined || last === undefined) return [];
    const existed = first !== "created";
    if (!existed && last === "deleted") return [];
    const status = last === "deleted" ? "deleted" : existed ? "modified" : "added";
    const sum = (field: "additions" | "deletions") =>
      all.reduce((total, change) => total + change[field], 0);
    return [{ path, status, additions: sum("additions"), deletions: sum("deletions") }];
  });
}
