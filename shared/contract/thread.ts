import * as z from "zod";
import { Metadata } from "./common.ts";
import { sameByBothNames, unsupported } from "./unsupported.ts";

export const threadStatuses = ["active", "running", "completed", "failed", "cancelled"] as const;

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
