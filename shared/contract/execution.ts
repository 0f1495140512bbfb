/** An execution as the API shows it. This object is our own; the public API has only `run`. */
import * as z from "zod";
import { EndReason } from "../protocol/runner.ts";

export const ExecutionBody = z.object({
  id: z.string(),
  threadId: z.string(),
  environmentId: z.string(),
  messageId: z.string(),
  keyId: z.string(),
  /** `pending` until its runner has claimed it. */
  status: z.enum(["pending", "running", "success", "failed", "cancelled"]),
  reason: EndReason.nullable(),
  exitCode: z.int().nullable(),
  /** Further detail on the reason. */
  detail: z.string().nullable(),
  model: z.string(),
  computeProfile: z.string(),
  network: z.string(),
  attempt: z.int(),
  workspace: z.enum(["saved", "unchanged", "not_saved"]).nullable(),
  conflicts: z.array(z.string()),
  outputTruncated: z.boolean(),
  /** US dollars that were held, charged and released; the latter two are null until the end. */
  held: z.number(),
  cost: z.number().nullable(),
  released: z.number().nullable(),
  timeLimitMs: z.int(),
  /** Time from start to claim, and from claim to end; null until each has passed. */
  queuedMs: z.int().nullable(),
  durationMs: z.int().nullable(),
  createdAt: z.string(),
  /** Since when the execution waits for room on the platform; it starts without another request. */
  waitingSince: z.string().nullable(),
  dispatchedAt: z.string().nullable(),
  startedAt: z.string().nullable(),
  completedAt: z.string().nullable(),
});

/**
 * The answer to a message that isn't streamed. Without an end, which happens after the time that a
 * stream lasts, `run` has the state so far and `content` is null.
 */
export const MessageAnswer = z.object({
  threadId: z.string(),
  content: z.string().nullable(),
  /** Why it failed, as `stream.error` says it; null unless it failed. */
  error: EndReason.nullable(),
  message: z.string().nullable(),
  /** As in `response.completed`. */
  response: z.looseObject({ id: z.string(), status: z.string(), content: z.string() }).nullable(),
  /** As in `stream.completed`. */
  run: z.looseObject({ id: z.string(), threadId: z.string(), status: z.string() }),
});
