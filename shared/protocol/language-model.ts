/** What runners are told of a task for a language model. */
import * as z from "zod";

/** How a provider speaks; the agent loop has an adapter for each. */
export const wireProtocols = [
  "anthropic-messages",
  "openai-responses",
  "openai-chat",
  "gemini",
] as const;

/** What a runner must know of a language model. */
export const ModelEntry = z.object({
  id: z.string().min(1).max(200),
  wire: z.enum(wireProtocols),
  /** How many tokens a request and its answer may have. */
  contextTokens: z.int().min(1),
  outputTokensMax: z.int().min(1),
  tools: z.boolean(),
  vision: z.boolean(),
  reasoning: z.boolean(),
});
export type ModelEntry = z.infer<typeof ModelEntry>;

export const reasoningEfforts = ["minimal", "low", "medium", "high"] as const;
export type ReasoningEffort = (typeof reasoningEfforts)[number];

/** An earlier message of an execution's thread. */
export const ThreadMessage = z.object({
  role: z.enum(["user", "assistant"]),
  content: z.string(),
});
export type ThreadMessage = z.infer<typeof ThreadMessage>;

/** The most earlier messages that a claim sends, the newest ones. */
export const historyLengthMax = 100;
/** The most of their text, in UTF-16 units. */
export const historyTextMax = 512 * 1024;

export const Conversation = z.object({
  /** The thread's earlier messages, oldest first. */
  history: z.array(ThreadMessage).max(historyLengthMax),
  /** Whether the thread has older ones. */
  isHistoryCut: z.boolean(),
  /** The environment's. */
  documentation: z.array(z.string()),
  reasoningEffort: z.enum(reasoningEfforts).nullable(),
});
export type Conversation = z.infer<typeof Conversation>;
