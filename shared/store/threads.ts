import * as z from "zod";
import { threadStatuses } from "../contract/thread.ts";
import { executionSources } from "../core/executions/sources.ts";
import { ownedCollection, smallDocuments } from "./documents.ts";

export const Thread = z.object({
  v: z.literal(1),
  id: z.string(),
  environmentId: z.string(),
  agentId: z.string().nullable(),
  projectId: z.string().nullable(),
  appId: z.string().nullable(),
  title: z.string().nullable(),
  status: z.enum(threadStatuses),
  /** Whether its owner put it away; the next message takes the mark off. */
  archived: z.boolean().default(false),
  /** The execution that runs now; null between messages. */
  executionId: z.string().nullable(),
  /** The current execution or the last one; null if there was none, and in older documents. */
  lastExecutionId: z.string().nullable().default(null),
  messageCount: z.int().min(0),
  inputTokens: z.int().min(0),
  outputTokens: z.int().min(0),
  costMicrousd: z.int().min(0),
  /** Its cost by what it was for; zero for what was charged before these were stored. */
  modelCostMicrousd: z.int().min(0).default(0),
  timeCostMicrousd: z.int().min(0).default(0),
  /** What began it. */
  source: z.enum(executionSources).default("api"),
  /**
   * The run that it is a step of, which has a copy of the step's answer. Null for other threads,
   * and for those that an earlier release made.
   */
  orchestrationRun: z
    .object({ orchestrationId: z.string(), id: z.string() })
    .nullable()
    .default(null),
  computeMs: z.int().min(0),
  startedAt: z.int().nullable(),
  endedAt: z.int().nullable(),
  lastMessageAt: z.int().nullable(),
  lastMessagePreview: z.string().nullable(),
  metadataJson: z.string(),
  /** Keyed digest of the request that made it with an Idempotency-Key; null for the others. */
  requestSha256: z.string().nullable().default(null),
  createdAt: z.int(),
  updatedAt: z.int(),
});
export type Thread = z.infer<typeof Thread>;

export const threads = ownedCollection(["threads"], Thread, "environmentId", smallDocuments);

export const Message = z.object({
  v: z.literal(1),
  id: z.string(),
  role: z.enum(["user", "assistant"]),
  content: z.string(),
  /**
   * The execution that it asked for or that answered. Of a message that was copied, or given when
   * the thread was made, it is an id that no execution has.
   */
  executionId: z.string(),
  createdAt: z.int(),
});
export type Message = z.infer<typeof Message>;

export const messages = ownedCollection(["threads", "messages"], Message);
