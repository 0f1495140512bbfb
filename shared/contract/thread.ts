import * as z from "zod";
import { type Message, type Thread, threadStatuses } from "../store/threads.ts";
import { projectOf } from "./agent.ts";
import { fromJsonText, iso, isoOrNull, Metadata, usd } from "./common.ts";
import { sameByBothNames, unsupported } from "./unsupported.ts";

const createFirst = "isn't taken here: create the thread first, then POST its messages";

export const ThreadCreate = z
  .object({
    environmentId: z.string().optional(),
    /** Older clients call the environment `computerId`. */
    computerId: z.string().optional(),
    agentId: z.string().nullish(),
    title: z.string().max(500).nullish(),
    projectId: z
      .string()
      .max(100)
      .refine((id) => id !== "none", 'can\'t be "none", which stands for threads without a project')
      .nullish(),
    appId: z.string().max(100).nullish(),
    metadata: Metadata,
    content: unsupported(createFirst),
    task: unsupported(createFirst),
    messages: unsupported(createFirst),
    attachments: unsupported(createFirst),
    schedule: unsupported("isn't supported: threads can't be started by a schedule"),
  })
  .refine(...sameByBothNames("environmentId", "computerId"));

export const MessageBody = z.object({
  id: z.string(),
  threadId: z.string(),
  role: z.enum(["user", "assistant"]),
  content: z.string(),
  timestamp: z.string(),
  createdAt: z.string(),
  metadata: z.null(),
});

export function messageBody(message: Message, threadId: string): z.input<typeof MessageBody> {
  const at = iso(message.createdAt);
  const { id, role, content } = message;
  return { id, threadId, role, content, timestamp: at, createdAt: at, metadata: null };
}

export const ThreadBody = z.object({
  id: z.string(),
  userId: z.string(),
  projectId: z.string(),
  environmentId: z.string(),
  agentId: z.string().nullable(),
  title: z.string().nullable(),
  task: z.null(),
  appId: z.string().nullable(),
  status: z.enum(threadStatuses),
  messageCount: z.int(),
  inputTokens: z.int(),
  outputTokens: z.int(),
  totalTokens: z.int(),
  totalCost: z.number(),
  environmentMinutes: z.number(),
  lastMessageAt: z.string().nullable(),
  lastMessagePreview: z.string().nullable(),
  /** Null once it was deleted. */
  environmentName: z.string().nullable(),
  agentName: z.string().nullable(),
  metadata: z.unknown(),
  teamExecution: z.null(),
  subagentActivity: z.array(z.never()),
  messages: z.array(MessageBody).optional(),
  createdAt: z.string(),
  updatedAt: z.string(),
});

/** The current names of what a thread uses. */
export interface ThreadNames {
  readonly environmentName: string | null;
  readonly agentName: string | null;
}

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
    status: thread.status,
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
