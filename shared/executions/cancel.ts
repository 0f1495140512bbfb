import type { AuditRow } from "../core/audit/audit-row.ts";
import type { Account } from "../core/money/account.ts";
import type { Owner } from "../identity/owner.ts";
import { auditEntry } from "../store/audit-rows.ts";
import { patch, type Version, type Write } from "../store/documents.ts";
import { type Execution, executions } from "../store/executions.ts";
import { chargeableCostMicrousd, endExecution, hasAskedForJob } from "./end-execution.ts";

export interface Cancelled {
  readonly status: "cancelled" | "cancelling";
  /** Empty if it was already asked to end. */
  readonly writes: readonly Write[];
  readonly account?: Account;
}

/**
 * Cancels an execution that hasn't ended. If no runner has claimed it, it ends at once and costs
 * the minimum charge if a container was asked for. A running one is asked to end; it keeps what it
 * made and costs what it used. Pure. If several changes race, the first commit wins, so it is
 * settled once.
 */
export function cancel(
  owner: Owner,
  before: { readonly execution: Execution; readonly version: Version; readonly account: Account },
  change: {
    readonly row: Pick<AuditRow, "id" | "requestId" | "actor">;
    readonly now: number;
  },
): Cancelled {
  const { execution, version } = before;
  const { row, now } = change;
  if (execution.status === "running") {
    const asked = execution.cancelRequestedAt !== null;
    const request = patch(
      executions.of(owner, execution.id),
      { cancelRequestedAt: now },
      { version },
    );
    return { status: "cancelling", writes: asked ? [] : [request] };
  }
  // It was never claimed, so it made no model calls.
  const ended = endExecution(
    owner,
    { ...before, meter: null },
    {
      outcome: "cancelled",
      reason: "cancelled",
      exitCode: null,
      detail: null,
      output: "",
      outputTruncated: false,
      workspaceState: null,
      conflicts: [],
      eventsLastSequence: execution.eventsLastSequence,
      costMicrousd: hasAskedForJob(execution) ? chargeableCostMicrousd(execution, now) : 0,
      now,
    },
  );
  const entry = auditEntry(owner, {
    ...row,
    at: now,
    action: "execution.ended",
    subject: execution.id,
    facts: ended.facts,
    sealedDetails: null,
  });
  return { status: "cancelled", account: ended.account, writes: [...ended.writes, entry] };
}
