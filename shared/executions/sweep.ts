/**
 * Finishes executions that were left behind. A queued one whose dispatch was lost is dispatched
 * again; a running one whose runner fell silent ends as `lost` and is charged its hold. A sweep
 * commits only if nothing changed meanwhile, so sweeps and the runner may race.
 */

import type { z } from "zod";
import { formatTicket, hashTicket, ticketRandomBytes } from "../core/executions/ticket.ts";
import type { IdKind } from "../core/ids.ts";
import { allInOrder } from "../errors/all-in-order.ts";
import { cancelJob, hasJobEnded } from "../google/jobs.ts";
import { mintOwner, type Owner } from "../identity/owner.ts";
import { ticketLifetimeMs } from "../protocol/job.ts";
import type { EndReason } from "../protocol/runner.ts";
import { auditEntry } from "../store/audit-rows.ts";
import type { CommitCoordinator } from "../store/commit-coordinator.ts";
import { replace, type Snapshot, type Version } from "../store/documents.ts";
import type { DueDocument } from "../store/due-documents.ts";
import { Execution, executions } from "../store/executions.ts";
import { readMeter } from "../store/model-meters.ts";
import type { FoundDocument } from "../store/read-document.ts";
import type { Store } from "../store/store.ts";
import { dispatch } from "./dispatch.ts";
import { endExecution } from "./end-execution.ts";
import { lastStoredSequence } from "./event-log.ts";
import { timing } from "./timing.ts";

export interface SweepDeps {
  readonly store: Store;
  readonly commits: CommitCoordinator;
  now(): number;
  random(bytes: number): Buffer;
  newId(kind: IdKind): string;
}

/** Attempts that may be replaced without waiting for the claim deadline. */
const earlyReplacementsMax = 3;

type FoundExecution = FoundDocument<typeof executions.schema>;
/**
 * The outcome of a sweep. `waiting`: the execution's runner may still claim it. `full`: the
 * platform had no room for a new runner. `gone`: the execution needs no sweep any more.
 */
export type Swept = "dispatched" | "ended" | "waiting" | "full" | "gone";

/** The fields that decide in which order executions are swept. */
const DueExecution = Execution.pick({
  sweepAt: true,
  id: true,
  ownerId: true,
  mode: true,
  waitingSince: true,
  createdAt: true,
});
export type DueExecution = z.infer<typeof DueExecution>;

/** The executions of one status that are due for a sweep, across all owners. */
export async function dueExecutions(
  deps: SweepDeps,
  which: { readonly status: "queued" | "running"; readonly limit: number },
): Promise<readonly DueDocument<typeof DueExecution>[]> {
  const { status, limit } = which;
  const due = { field: "sweepAt", until: deps.now(), limit };
  const where = [["status", status]] as const;
  const source = { collectionGroup: executions.name, schema: DueExecution };
  return await deps.store.findDue(source, { ...due, where });
}

export async function sweepDue(deps: SweepDeps, due: DueExecution): Promise<Swept> {
  const owner = mintOwner(due.ownerId, due.mode);
  const { ref, value, version } = await deps.store.get(executions.of(owner, due.id));
  if (!value || value.sweepAt === null || value.sweepAt > deps.now()) return "gone";
  return await sweepExecution(deps, { ref, value, version });
}

export async function sweepExecution(deps: SweepDeps, found: FoundExecution): Promise<Swept> {
  const { value } = found;
  const owner = mintOwner(value.ownerId, value.mode);
  if (value.status === "queued") return await sweepQueued(deps, owner, found);
  if (value.status === "running")
    return await endAbandoned(deps, owner, { id: value.id, reason: "lost" });
  return "gone";
}

/** Whether the execution must be swept before somebody reads it. */
export function isOverdue(execution: Execution, now: number): boolean {
  return execution.status === "running" && isDue(execution, now);
}

async function sweepQueued(deps: SweepDeps, owner: Owner, found: FoundExecution): Promise<Swept> {
  const { value, version } = found;
  const { queuedMsMax } = timing();
  const now = deps.now();
  const sweepAt = await nextClaimCheckAt(value, now);
  if (sweepAt !== null) {
    const moved = await replaceIfUnchanged(deps, owner, { value: { ...value, sweepAt }, version });
    return moved ? "waiting" : "gone";
  }
  if (now - value.createdAt > queuedMsMax) {
    return await endAbandoned(deps, owner, { id: value.id, reason: "runner_error" });
  }
  return await dispatchAgain(deps, owner, found);
}

/**
 * When to check again whether the runner has claimed its execution; null if it never will. A runner
 * that ended without a claim is replaced at once, but only a few times: if it lacked memory or
 * time, the next one may succeed, but one that can't run at all mustn't be started every few
 * seconds.
 */
async function nextClaimCheckAt(value: Execution, now: number): Promise<number | null> {
  const { dispatchDeadlineMs, claimDeadlineMs } = timing();
  const { jobExecution, dispatchedAt, attempt } = value;
  if (jobExecution === null || dispatchedAt === null) return null;
  const claimBy = dispatchedAt + claimDeadlineMs;
  if (claimBy <= now) return null;
  if (attempt > earlyReplacementsMax) return claimBy;
  // If the platform can't say, the deadline still applies.
  if (await hasJobEnded(jobExecution).catch(() => false)) return null;
  // Each check is twice as far from the start as the one before.
  return Math.min(claimBy, now + Math.max(dispatchDeadlineMs, now - dispatchedAt));
}

/** Dispatches with a new ticket. If the platform had no room, that didn't count as an attempt. */
async function dispatchAgain(
  deps: SweepDeps,
  owner: Owner,
  { value, version }: FoundExecution,
): Promise<Swept> {
  const now = deps.now();
  const attempt = value.waitingSince === null ? value.attempt + 1 : value.attempt;
  const secret = deps.random(ticketRandomBytes).toString("hex");
  const { environmentId, id: executionId } = value;
  const ticket = formatTicket({ ownerId: owner.id, environmentId, executionId, attempt, secret });
  const next: Execution = {
    ...value,
    attempt,
    ticketSha256: hashTicket(ticket),
    ticketExpiresAt: now + ticketLifetimeMs,
    jobExecution: null,
    image: null,
    dispatchedAt: null,
    sweepAt: now + timing().dispatchDeadlineMs,
  };
  const committed = await replaceIfUnchanged(deps, owner, { value: next, version });
  if (!committed) return "gone";
  const queued = { execution: next, version: committed.version, ticket, now: deps.now };
  return await dispatch(deps.store, owner, queued);
}

/** Commits `next`; returns null if another process has changed the execution meanwhile. */
async function replaceIfUnchanged(
  deps: SweepDeps,
  owner: Owner,
  next: { readonly value: Execution; readonly version: Version },
): Promise<{ readonly version: Version | null } | null> {
  const ref = executions.of(owner, next.value.id);
  let moved = false;
  const { version } = await deps.commits.submit({
    owner,
    needsAccount: false,
    refresh: async () => {
      moved = true;
    },
    decide: () => ({ writes: moved ? [] : [replace(ref, next.version, next.value)] }),
  });
  return moved ? null : { version };
}

export interface AbandonedExecution {
  readonly id: string;
  readonly reason: EndReason;
  /** Whether the execution still has to be ended. By default, it must be overdue. */
  readonly when?: (execution: Execution) => boolean;
  /** The charge for an execution that was never claimed. By default, nothing. */
  readonly costMicrousd?: (execution: Execution) => number;
}

/** Ends an abandoned execution. It is charged its hold if it ran, and nothing if it never did. */
export async function endAbandoned(
  deps: SweepDeps,
  owner: Owner,
  which: AbandonedExecution,
): Promise<Swept> {
  const ref = executions.of(owner, which.id);
  const readAll = async () => {
    const [found, last] = await allInOrder([
      deps.store.require(ref),
      lastStoredSequence(deps.store, owner, which.id),
    ]);
    return [found, last, await readMeter(deps.store, owner, found.value)] as const;
  };
  let [current, eventsLastSequence, meter] = await readAll();
  const rowId = deps.newId("auditRow");
  const { decision } = await deps.commits.submit({
    owner,
    needsAccount: true,
    refresh: async () => {
      [current, eventsLastSequence, meter] = await readAll();
    },
    decide: (account) => {
      const { value: execution, version } = current;
      const now = deps.now();
      const due = which.when?.(execution) ?? isDue(execution, now);
      if (!account || !due) return { writes: [], ended: null };
      const ended = endExecution(
        owner,
        { execution, version, account, meter },
        {
          outcome: "failed",
          reason: which.reason,
          exitCode: null,
          detail: null,
          output: "",
          outputTruncated: false,
          workspaceState: execution.claimedAt === null ? null : "not_saved",
          conflicts: [],
          eventsLastSequence,
          costMicrousd:
            execution.claimedAt === null ? (which.costMicrousd?.(execution) ?? 0) : null,
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
  // Stop the runner: it may only have lost its connection to us.
  if (jobExecution) await cancelJob(jobExecution).catch(() => {});
  return "ended";
}

function isDue({ sweepAt }: Execution, now: number): boolean {
  return sweepAt !== null && sweepAt <= now;
}

/**
 * Ends an overdue execution, so that no reader sees a dead one as running.
 * @returns Whether this call ended it. If so, the caller must read it and its thread again.
 */
export async function endOverdue(
  deps: SweepDeps,
  found: Snapshot<typeof executions.schema> | null,
): Promise<boolean> {
  if (!found?.version || !isOverdue(found.value, deps.now())) return false;
  return (await sweepExecution(deps, found)) === "ended";
}

/**
 * Sweeps an execution that is due at once, also one that is queued because its start failed.
 * @returns Whether it has ended.
 */
export async function resumeExecution(
  deps: SweepDeps,
  found: Snapshot<typeof executions.schema> | null,
): Promise<boolean> {
  if (!found?.version || !isDue(found.value, deps.now())) return false;
  return (await sweepExecution(deps, found)) === "ended";
}
