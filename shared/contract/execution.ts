/** An execution as the API shows it: this object is our own; the public API has only `run`. */
import * as z from "zod";
import { EndReason } from "../protocol/runner.ts";
import type { Execution } from "../store/executions.ts";
import { iso, isoOrNull, usd } from "./common.ts";

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

export function executionBody(execution: Execution): z.input<typeof ExecutionBody> {
  const { status, holdMicrousd, chargedMicrousd, createdAt, claimedAt, endedAt } = execution;
  const ran = claimedAt !== null && endedAt !== null;
  return {
    id: execution.id,
    threadId: execution.threadId,
    environmentId: execution.environmentId,
    messageId: execution.messageId,
    keyId: execution.keyId,
    status: status === "queued" ? "pending" : status,
    reason: execution.reason,
    exitCode: execution.exitCode,
    detail: execution.detail,
    model: execution.task.model,
    computeProfile: execution.profile,
    network: execution.network.mode,
    attempt: execution.attempt,
    workspace: execution.workspaceState,
    conflicts: execution.conflicts,
    outputTruncated: execution.outputTruncated,
    held: usd(holdMicrousd),
    cost: chargedMicrousd === null ? null : usd(chargedMicrousd),
    released: chargedMicrousd === null ? null : usd(holdMicrousd - chargedMicrousd),
    timeLimitMs: execution.limits.wallClockMs,
    queuedMs: claimedAt === null ? null : claimedAt - createdAt,
    durationMs: ran ? endedAt - claimedAt : null,
    createdAt: iso(createdAt),
    waitingSince: isoOrNull(execution.waitingSince),
    dispatchedAt: isoOrNull(execution.dispatchedAt),
    startedAt: isoOrNull(claimedAt),
    completedAt: isoOrNull(endedAt),
  };
}
