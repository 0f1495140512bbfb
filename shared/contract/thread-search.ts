import * as z from "zod";
import { idSchema } from "../core/ids.ts";
import { MessageBody, shownStatuses, ThreadBody } from "./thread.ts";

export const ThreadSearch = z.object({
  query: z.string().min(1).max(500),
  environmentId: idSchema("environment").nullish(),
  status: z.enum([...shownStatuses, "all"]).nullish(),
  limit: z.int().min(1).max(100).default(20),
  offset: z.int().min(0).max(1_000).default(0),
  includeMessages: z.boolean().default(false),
});
export type ThreadSearch = z.output<typeof ThreadSearch>;

export const ThreadSearchResults = z.object({
  object: z.literal("list"),
  results: z.array(
    z.object({
      thread: ThreadBody,
      score: z.number(),
      /** Parts of the title and of the newest messages, with what was found between `**`. */
      highlights: z.array(z.string()),
      matchingMessages: z.array(MessageBody).optional(),
    }),
  ),
  /** How many threads were found. */
  total: z.int(),
  hasMore: z.boolean(),
  searchMetadata: z.object({
    query: z.string(),
    queryType: z.enum(["words", "phrase"]),
    processingTimeMs: z.number(),
    /** Whether all texts that might match were looked at; otherwise only the newest were. */
    complete: z.boolean(),
  }),
});
