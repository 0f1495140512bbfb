import type * as z from "zod";
import { fromJsonText, iso, isoOrNull, usd } from "../contract/common.ts";
import type { MessageBody, ThreadBody } from "../contract/thread.ts";
import type { Message, Thread } from "../store/threads.ts";
import { projectOf } from "./project-of.ts";

/** A message as the API shows it. */
export function messageBody(message: Message, threadId: string): z.input<typeof MessageBody> {
  const at = iso(message.createdAt);
  const { id, role, content } = message;
  return { id, threadId, role, content, timestamp: at, createdAt: at, metadata: null };
}

/** `archived` for a thread that was put away; while it runs, it is shown as running. */
export function shownStatus({
  status,
  archived,
}: Pick<Thread, "status" | "archived">): z.input<typeof ThreadBody>["status"] {
  return archived && status !== "running" ? "archived" : status;
}

/** The current names of what a thread uses. */
export interface ThreadNames {
  readonly environmentName: string | null;
  readonly agentName: string | null;
}

/** A thread as the API shows it; with its messages where they were read. */
export function threadBody(
  thread: Thread,
  shown: ThreadNames & { readonly ownerId: string; readonly messages?: readonly Message[] },
): z.input<typeof ThreadBody> {
  const { inputTokens, outputTokens } = thread;
  const { ownerId, messages, environmentName, agentName } = shown;
  return {
    id: thread.id,
    userId: ownerId,
    projectId: thread.projectId ?? projectOf(ownerId),
    environmentId: thread.environmentId,
    agentId: thread.agentId,
    title: thread.title,
    task: null,
    appId: thread.appId,
    status: shownStatus(thread),
    messageCount: thread.messageCount,
    inputTokens,
    outputTokens,
    totalTokens: inputTokens + outputTokens,
    totalCost: usd(thread.costMicrousd),
    environmentMinutes: Math.round(thread.computeMs / 600) / 100,
    lastMessageAt: isoOrNull(thread.lastMessageAt),
    lastMessagePreview: thread.lastMessagePreview,
    environmentName,
    agentName,
    metadata: fromJsonText(thread.metadataJson),
    teamExecution: null,
    subagentActivity: [],
    ...(messages ? { messages: messages.map((message) => messageBody(message, thread.id)) } : {}),
    createdAt: iso(thread.createdAt),
    updatedAt: iso(thread.updatedAt),
  };
}
