import * as z from "zod";
import { shownStatus } from "#shared/answers/thread-body";
import { ok, usd } from "#shared/contract/common";
import { ThreadLogs } from "#shared/contract/thread-steps";
import { idSchema } from "#shared/core/ids";
import { allInOrder } from "#shared/errors/all-in-order";
import { areEventsDeleted } from "#shared/executions/event-log";
import { readEndOfLog } from "#shared/executions/read-last-events";
import { namesOfThreads } from "#shared/executions/thread-names";
import type { Owner } from "#shared/identity/owner";
import { ownedRead } from "#shared/pipeline/owned-route";
import { query } from "#shared/pipeline/route";
import { pageBytesMax } from "#shared/store/read-page";
import type { ReadStore } from "#shared/store/store";
import { type Message, messages, threads } from "#shared/store/threads";
import { durationText } from "./get-status.ts";
import { eventEntry, type LogEntryBody, messageEntry } from "./log-entries.ts";
import { hasLogExpired, readExecutions } from "./timeline.ts";

/** The newest messages of a thread, and how much is answered of them and of what they executed. */
const messagesMax = 100;
const messageBytesMax = pageBytesMax / 2;
const entriesMax = 1_000;

export const getLogs = query({
  endpoint: "GET /v1/threads/:threadId/logs",
  summary: "The newest messages of a thread, and what happened in between.",
  ...ownedRead("threads:read"),
  params: z.object({ threadId: idSchema("thread") }),
  reply: { 200: ThreadLogs },
  read: async ({ caller: { owner }, params: { threadId }, deps: { store }, now }) => {
    const [{ value: thread }, newest] = await allInOrder([
      store.require(threads.of(owner, threadId)),
      store.walk(
        messages.all(owner, threadId),
        { orderBy: [["createdAt", "desc"]], limit: messagesMax },
        { bytesMax: messageBytesMax },
      ),
    ]);
    const said = newest.found.map(({ value }) => value);
    const reading = { threadId, said, begunAt: thread.createdAt, now };
    const [log, names] = await allInOrder([
      readLog(store, owner, reading),
      namesOfThreads(store, owner, [thread]),
    ]);
    const truncated = log.truncated || said.length < thread.messageCount;
    return { thread, logs: log.entries, truncated, names: names(thread) };
  },
  answer({ data: { thread, logs, truncated, names }, now }) {
    return ok({
      logs,
      truncated,
      threadId: thread.id,
      status: shownStatus(thread),
      duration: durationText(thread, now),
      totalCost: usd(thread.costMicrousd),
      inputTokens: thread.inputTokens,
      outputTokens: thread.outputTokens,
      environmentId: thread.environmentId,
      agentId: thread.agentId,
      ...names,
      teamExecution: null,
      subagentActivity: [],
    });
  },
});

interface Reading {
  readonly threadId: string;
  /** Newest first. */
  readonly said: readonly Message[];
  readonly begunAt: number;
  readonly now: number;
}

/** Reads from the newest message back, until the log is full. */
async function readLog(
  store: ReadStore,
  owner: Owner,
  { threadId, said, begunAt, now }: Reading,
): Promise<{ readonly entries: readonly LogEntryBody[]; readonly truncated: boolean }> {
  const ids = [...new Set(said.map(({ executionId }) => executionId))];
  const found = await readExecutions(store, owner, { threadId, ids });
  const known = new Map(found.map((one) => [one.id, one]));
  const newestFirst: LogEntryBody[] = [];
  let bytes = 0;
  let truncated = false;
  /** Whether there was room for it. */
  const add = (entries: readonly LogEntryBody[]): boolean => {
    for (const entry of entries.toReversed()) {
      bytes += Buffer.byteLength(JSON.stringify(entry));
      if (newestFirst.length === entriesMax || bytes > pageBytesMax) return false;
      newestFirst.push(entry);
    }
    return true;
  };
  for (const message of said) {
    const { role, executionId } = message;
    const execution = role === "user" ? known.get(executionId) : undefined;
    // The messages before it are still there.
    const hasExpired = execution !== undefined && hasLogExpired(execution, now);
    if (hasExpired) truncated = true;
    else if (execution && !areEventsDeleted(execution)) {
      const which = { executionId, batchesMax: entriesMax, now };
      const roomFor = entriesMax - newestFirst.length;
      let count = 0;
      const { events, isWhole } = await readEndOfLog(store, owner, which, (batch) => {
        count += batch.length;
        return count > roomFor;
      });
      const hasRoom = add(events.map((event) => eventEntry(executionId, event, begunAt)));
      if (!hasRoom || !isWhole) return { entries: newestFirst.reverse(), truncated: true };
    }
    const hasRoom = add([messageEntry(message, begunAt)]);
    if (!hasRoom) return { entries: newestFirst.reverse(), truncated: true };
  }
  return { entries: newestFirst.reverse(), truncated };
}
