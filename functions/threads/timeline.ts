/** The steps of a thread in order: its messages, and between them the events of its executions. */
import type * as z from "zod";
import { retention } from "#shared/core/retention/retention-table";
import { lastStoredSequence } from "#shared/executions/event-log";
import type { Owner } from "#shared/identity/owner";
import { Execution, executions } from "#shared/store/executions";
import type { ReadStore } from "#shared/store/store";
import { Message, messages } from "#shared/store/threads";

/** A thread's first messages, of which there are steps. */
export const messagesMax = 1_000;

const MessagePart = Message.pick({ id: true, role: true, executionId: true, createdAt: true });
export type MessagePart = z.output<typeof MessagePart>;
const ExecutionPart = Execution.pick({
  id: true,
  threadId: true,
  status: true,
  workspaceState: true,
  eventsLastSequence: true,
  createdAt: true,
  endedAt: true,
});
export type ExecutionPart = z.output<typeof ExecutionPart>;

/** A part of the timeline: one message, all events of an execution, or the end of one. */
export type Segment =
  | { readonly kind: "message"; readonly message: MessagePart; readonly length: 1 }
  | {
      readonly kind: "events";
      readonly message: MessagePart;
      readonly execution: ExecutionPart;
      readonly length: number;
    }
  | {
      readonly kind: "end";
      readonly message: MessagePart;
      readonly execution: ExecutionPart;
      readonly length: 1;
    };

/** Reads of what the timeline consists. Neither the messages' texts nor the events are read. */
export async function readTimeline(
  store: ReadStore,
  owner: Owner,
  { threadId, now }: { readonly threadId: string; readonly now: number },
): Promise<readonly Segment[]> {
  const parts = await store.findParts(messages.all(owner, threadId), MessagePart, {
    orderBy: [["createdAt", "asc"]],
    limit: messagesMax,
  });
  const ids = [...new Set(parts.map(({ executionId }) => executionId))];
  const found = await readExecutions(store, owner, { threadId, ids });
  const running = found.find(({ endedAt }) => endedAt === null);
  const last = running ? await lastStoredSequence(store, owner, running.id) : 0;
  const lengthOf = (execution: ExecutionPart) =>
    execution === running ? last : storedEvents(execution, now);
  return segmentsOf(parts, found, lengthOf);
}

/** Those of the ids that name executions of the thread; a copied message's id names none. */
export async function readExecutions(
  store: ReadStore,
  owner: Owner,
  { threadId, ids }: { readonly threadId: string; readonly ids: readonly string[] },
): Promise<readonly ExecutionPart[]> {
  const refs = ids.map((id) => executions.of(owner, id));
  const found = await store.getParts(ExecutionPart, refs);
  return found.flatMap((part) => (part?.threadId === threadId ? [part] : []));
}

/** How many events of an execution that ended are kept still. */
function storedEvents(execution: ExecutionPart, now: number): number {
  return hasLogExpired(execution, now) ? 0 : execution.eventsLastSequence;
}

/** Whether what was stored of its events is kept no longer. */
export function hasLogExpired(
  { endedAt, eventsLastSequence }: ExecutionPart,
  now: number,
): boolean {
  return eventsLastSequence > 0 && (endedAt ?? now) + retention.executionLogs.keptMs <= now;
}

/** Pure. */
export function segmentsOf(
  parts: readonly MessagePart[],
  found: readonly ExecutionPart[],
  lengthOf: (execution: ExecutionPart) => number,
): readonly Segment[] {
  const byId = new Map(found.map((execution) => [execution.id, execution]));
  return parts.flatMap((message): Segment[] => {
    const execution = byId.get(message.executionId);
    const said = { kind: "message", message, length: 1 } as const;
    if (!execution) return [said];
    if (message.role === "assistant") return [said, { kind: "end", message, execution, length: 1 }];
    return [said, { kind: "events", message, execution, length: lengthOf(execution) }];
  });
}

/** A part of a segment that a page shows: `skip` of its steps come before, `take` are shown. */
export interface Slice {
  readonly segment: Segment;
  readonly skip: number;
  readonly take: number;
  /** The place of its first step in the thread. */
  readonly sequence: number;
}

/** The parts of the timeline that a page shows. Pure. */
export function slicesOf(
  segments: readonly Segment[],
  { offset, limit }: { readonly offset: number; readonly limit: number },
): { readonly slices: readonly Slice[]; readonly total: number } {
  const slices: Slice[] = [];
  let total = 0;
  for (const segment of segments) {
    const first = Math.max(offset, total);
    const take = Math.min(offset + limit, total + segment.length) - first;
    if (take > 0) slices.push({ segment, skip: first - total, take, sequence: first });
    total += segment.length;
  }
  return { slices, total };
}
