import pMap from "p-map";
import { readEvents } from "#shared/executions/read-events";
import type { Owner } from "#shared/identity/owner";
import type { Item } from "#shared/protocol/item";
import { Execution, executionsOfThread } from "#shared/store/executions";
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

const Part = Execution.pick({ id: true, workspaceState: true, createdAt: true });

/** The file changes of one execution that are stored, in order. */
export async function changesOf(
  store: ReadStore,
  owner: Owner,
  { executionId, now }: { readonly executionId: string; readonly now: number },
): Promise<readonly FoundChange[]> {
  const found: FoundChange[] = [];
  for await (const event of readEvents(store, owner, { executionId, after: 0, now })) {
    const { item, sequence: number, at: happenedAt } = event;
    if (item.type === "file_change") found.push({ executionId, number, happenedAt, change: item });
  }
  return found;
}

/**
 * The file changes of a thread's newest executions, in order.
 * @returns Them, and whether there were no more executions.
 */
export async function changesOfThread(
  store: ReadStore,
  owner: Owner,
  { threadId, now }: { readonly threadId: string; readonly now: number },
): Promise<{ readonly changes: readonly FoundChange[]; readonly complete: boolean }> {
  const newest = await store.findParts(executionsOfThread(owner), Part, {
    where: [["threadId", threadId]],
    orderBy: [["createdAt", "desc"]],
    limit: executionsMax + 1,
  });
  const looked = newest.slice(0, executionsMax).reverse();
  const saved = looked.filter(({ workspaceState }) => workspaceState !== "unchanged");
  const read = ({ id: executionId }: (typeof saved)[number]) =>
    changesOf(store, owner, { executionId, now });
  const changes = (await pMap(saved, read, { concurrency })).flat();
  return { changes, complete: newest.length <= executionsMax };
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
