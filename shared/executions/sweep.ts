/**
 * Finishes what nobody finished. A queued execution whose dispatch was lost is dispatched again; a
 * running one whose runner fell silent ends as `lost`, charged at its hold. Everything a sweep does
 * is a fenced commit, so any number of sweeps, and the runner itself, may race.
 */

import { auditEntry } from "../audit/audit-entry.ts";
import { mintOwner, type Owner } from "../auth/owner.ts";
import type { IdKind } from "../core/ids.ts";
import { formatTicket, hashTicket, ticketLifetimeMs, ticketRandomBytes } from "../core/ticket.ts";
import { cancelJob } from "../google/jobs.ts";
import type { EndReason } from "../protocol/runner.ts";
import type { CommitCoordinator } from "../store/commit-coordinator.ts";
import { replace, type Version } from "../store/documents.ts";
import { type Execution, executions } from "../store/executions.ts";
import { type Found, present, type Store } from "../store/store.ts";
import { dispatch } from "./dispatch.ts";
import { endExecution } from "./end-execution.ts";
import { claimDeadlineMs, dispatchDeadlineMs, queuedMsMax } from "./timing.ts";

export interface SweepDeps {
  readonly store: Store;
  readonly commits: CommitCoordinator;
  now(): number;
  random(bytes: number): Buffer;
  newId(kind: IdKind): string;
}

export type FoundExecution = Found<typeof executions.schema>;
export type Swept = "dispatched" | "ended" | "waiting" | "gone";

/** The executions that are due for a sweep, over all owners; oldest first. */
export async function dueExecutions(
  deps: SweepDeps,
  limit: number,
): Promise<readonly FoundExecution[]> {
  const due = { field: "sweepAt", before: deps.now(), limit };
  return await deps.store.findDue(executions, due);
}

export async function sweepExecution(deps: SweepDeps, found: FoundExecution): Promise<Swept> {
  const { value } = found;
  const owner = mintOwner(value.ownerId, value.mode);
  if (value.status === "queued") return await sweepQueued(deps, owner, found);
  if (value.status === "running") return await end(deps, owner, { id: value.id, reason: "lost" });
  return "gone";
}

/** Whether anybody who reads this execution should have it swept first. */
export function isOverdue(execution: Execution, now: number): boolean {
  return execution.status === "running" && execution.sweepAt !== null && execution.sweepAt <= now;
}

async function sweepQueued(deps: SweepDeps, owner: Owner, found: FoundExecution): Promise<Swept> {
  const { value, version } = found;
  const now = deps.now();
  const claimBy = (value.dispatchedAt ?? 0) + claimDeadlineMs;
  if (value.jobExecution !== null && claimBy > now) {
    await fenced(deps, owner, { value: { ...value, sweepAt: claimBy }, version });
    return "waiting";
  }
  if (now - value.createdAt > queuedMsMax) {
    return await end(deps, owner, { id: value.id, reason: "runner_error" });
  }
  const attempt = value.attempt + 1;
  const secret = deps.random(ticketRandomBytes).toString("hex");
  const { environmentId, id: executionId } = value;
  const ticket = formatTicket({ ownerId: owner.id, environmentId, executionId, attempt, secret });
  const next: Execution = {
    ...value,
    attempt,
    ticketSha256: hashTicket(ticket),
    ticketExpiresAt: now + ticketLifetimeMs,
    jobExecution: null,
    dispatchedAt: null,
    sweepAt: now + dispatchDeadlineMs,
  };
  if (!(await fenced(deps, owner, { value: next, version }))) return "gone";
  await dispatch(deps.store, owner, { execution: next, ticket, now: deps.now });
  return "dispatched";
}

/** Whether nobody was faster: a sweep that lost a race has nothing more to do. */
async function fenced(
  deps: SweepDeps,
  owner: Owner,
  next: { readonly value: Execution; readonly version: Version },
): Promise<boolean> {
  const ref = executions.of(owner, next.value.id);
  let moved = false;
  await deps.commits.submit({
    owner,
    needsAccount: false,
    refresh: async () => {
      moved = true;
    },
    decide: () => ({ writes: moved ? [] : [replace(ref, next.version, next.value)] }),
  });
  return !moved;
}

/** Ends an execution that nobody else will: unpaid if it never ran, at its hold if it did. */
async function end(
  deps: SweepDeps,
  owner: Owner,
  which: { readonly id: string; readonly reason: EndReason },
): Promise<Swept> {
  const ref = executions.of(owner, which.id);
  let current = present(await deps.store.get(ref));
  const rowId = deps.newId("auditRow");
  const { decision } = await deps.commits.submit({
    owner,
    needsAccount: true,
    refresh: async () => {
      current = present(await deps.store.get(ref));
    },
    decide: (account) => {
      const { value: execution, version } = current;
      const now = deps.now();
      const due = execution.sweepAt !== null && execution.sweepAt <= now;
      if (!account || !due) return { writes: [], ended: null };
      const ended = endExecution(
        owner,
        { execution, version, account },
        {
          outcome: "failed",
          reason: which.reason,
          exitCode: null,
          output: "",
          outputTruncated: false,
          workspaceState: execution.claimedAt === null ? null : "not_saved",
          conflicts: [],
          eventsLastSequence: execution.eventsLastSequence,
          costMicrousd: execution.claimedAt === null ? 0 : null,
          now,
        },
      );
      const row = auditEntry(owner, {
        id: rowId,
        at: now,
        actor: { type: "maintenance", id: "sweep" },
        action: "execution.ended",
        subject: execution.id,
        requestId: rowId,
        facts: ended.facts,
        sealedDetails: null,
      });
      return { writes: [...ended.writes, row], account: ended.account, ended };
    },
  });
  if (!decision.ended) return "gone";
  const { jobExecution } = decision.ended.execution;
  // A runner that only lost its way to us must not go on working for nobody.
  if (jobExecution) await cancelJob(jobExecution).catch(() => {});
  return "ended";
}

/** Sweeps one execution if it is overdue, so that a reader never sees a run that has ended. */
export async function sweepIfOverdue(deps: SweepDeps, owner: Owner, id: string): Promise<boolean> {
  const { ref, value, version } = await deps.store.get(executions.of(owner, id));
  if (!value || !isOverdue(value, deps.now())) return false;
  return (await sweepExecution(deps, { ref, value, version })) === "ended";
}
