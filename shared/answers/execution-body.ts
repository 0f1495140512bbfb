import type * as z from "zod";
import { iso, isoOrNull, usd } from "../contract/common.ts";
import type { ExecutionBody } from "../contract/execution.ts";
import type { Execution } from "../store/executions.ts";

/** An execution as the API shows it. */
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
