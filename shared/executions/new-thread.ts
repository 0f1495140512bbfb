import { derivedId } from "../core/ids.ts";
import type { Owner } from "../identity/owner.ts";
import { create, type Write } from "../store/documents.ts";
import { indexMessage, indexTitle } from "../store/search-entries.ts";
import { type Message, messages, type Thread, threads } from "../store/threads.ts";

type Chosen = "id" | "environmentId" | "agentId" | "projectId" | "appId" | "title" | "metadataJson";

/** A thread in which nothing was said yet. */
export function newThread(
  chosen: Pick<Thread, Chosen> &
    Partial<Pick<Thread, "requestSha256" | "source" | "orchestrationRun">>,
  now: number,
): Thread {
  return {
    v: 1,
    status: "active",
    archived: false,
    executionId: null,
    lastExecutionId: null,
    messageCount: 0,
    inputTokens: 0,
    outputTokens: 0,
    costMicrousd: 0,
    modelCostMicrousd: 0,
    timeCostMicrousd: 0,
    source: "api",
    orchestrationRun: null,
    computeMs: 0,
    startedAt: null,
    endedAt: null,
    lastMessageAt: null,
    lastMessagePreview: null,
    requestSha256: null,
    createdAt: now,
    updatedAt: now,
    ...chosen,
  };
}

/** The writes that make a thread, and its title known to the search. */
export function createWrites(owner: Owner, thread: Thread): readonly Write[] {
  const title = thread.title === null ? [] : [indexTitle(owner, thread)];
  return [create(threads.of(owner, thread.id), thread), ...title];
}

/** A message that nothing executes: one that was copied, or given when its thread was made. */
export function unexecutedMessage(
  owner: Owner,
  { id: threadId, environmentId }: Pick<Thread, "id" | "environmentId">,
  message: Pick<Message, "id" | "role" | "content" | "createdAt">,
): readonly Write[] {
  const { id } = message;
  const executionId = derivedId("execution", id, "none");
  return [
    create(messages.of(owner, threadId, id), { v: 1, executionId, ...message }),
    indexMessage(owner, { threadId, environmentId }, message),
  ];
}
