/** What an execution's stream is made of. */
import * as z from "zod";

const count = z.int().min(0);

/** What one step did to a file. */
export const FileChange = z.object({
  path: z.string(),
  changeKind: z.enum(["created", "modified", "deleted"]),
  additions: count,
  deletions: count,
});
export type FileChange = z.infer<typeof FileChange>;

/** One finished item, as the client sees it in `response.item.completed`. */
export const Item = z.discriminatedUnion("type", [
  z.object({ type: z.literal("text"), content: z.string() }),
  z.object({ type: z.literal("reasoning"), content: z.string() }),
  z.object({
    type: z.literal("tool_call"),
    id: z.string(),
    name: z.string(),
    /** JSON text, because clients slice it. */
    arguments: z.string(),
    status: z.enum(["running", "completed", "failed"]),
    result: z.string().optional(),
    /** What the call itself changed; `file_change` says what the whole execution changed. */
    fileChanges: z.array(FileChange).optional(),
  }),
  /** A piece of a running tool call's output. */
  z.object({ type: z.literal("tool_output"), id: z.string(), content: z.string() }),
  z.object({ type: z.literal("planning"), content: z.object({ text: z.string() }) }),
  /** The end of one answer of a language model. Its input includes what a cache served. */
  z.object({
    type: z.literal("turn_completed"),
    turn: z.int().min(1),
    tokens: z.object({ input: count, output: count, cacheRead: count, cacheWrite: count }),
  }),
  z.object({ type: z.literal("file_change"), ...FileChange.shape }),
]);
export type Item = z.infer<typeof Item>;
