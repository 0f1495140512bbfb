/** An execution as the API shows it: this object is our own; the public API has only `run`. */
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
  /** What is known of the reason beyond its name. */
  detail: z.string().nullable(),
  model: z.string(),
  computeProfile: z.string(),
  network: z.string(),
  attempt: z.int(),
  workspace: z.enum(["saved", "unchanged", "not_saved"]).nullable(),
  conflicts: z.array(z.string()),
  outputTruncated: z.boolean(),
  /** In US dollars: set aside, charged, and given back; the latter two null until it has ended. */
  held: z.number(),
  cost: z.number().nullable(),
  released: z.number().nullable(),
  timeLimitMs: z.int(),
  /** From its start until its runner claimed it, and from then to its end; null until then. */
  queuedMs: z.int().nullable(),
  durationMs: z.int().nullable(),
  createdAt: z.string(),
  /** Since when the platform has no room for it; its turn comes by itself. */
  waitingSince: z.string().nullable(),
  dispatchedAt: z.string().nullable(),
  startedAt: z.string().nullable(),
  completedAt: z.string().nullable(),
});
