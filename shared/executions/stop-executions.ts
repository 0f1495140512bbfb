import pMap from "p-map";
import type { AuditRow } from "../core/audit/audit-row.ts";
import type { IdKind } from "../core/ids.ts";
import { cancelJob } from "../google/jobs.ts";
import type { Owner } from "../identity/owner.ts";
import { auditEntry } from "../store/audit-rows.ts";
import type { CommitCoordinator } from "../store/commit-coordinator.ts";
import { executions, hasEnded } from "../store/executions.ts";
import type { Store } from "../store/store.ts";
import { cancel } from "./cancel.ts";

export interface StopDeps {
  readonly store: Store;
  readonly commits: CommitCoordinator;
  now(): number;
  newId(kind: IdKind): string;
}

/** The person or key that executions are stopped for, as the audit row names it. */
export interface StoppedBy {
  readonly actor: AuditRow["actor"];
  readonly requestId: string;
}

const concurrency = 10;

/**
 * Cancels executions, whichever key started them. Queued ones end at once; running ones and their
 * jobs are asked to end. Executions that have ended stay as they are.
 * @throws {ApiError} If one can't be stopped; the others are stopped all the same.
 */
export async function stopExecutions(
  deps: StopDeps,
  owner: Owner,
  which: { readonly ids: readonly string[]; readonly by: StoppedBy },
): Promise<void> {
  const { ids, by } = which;
  const failures: unknown[] = [];
  const stopOne = async (id: string) => {
    await stop(deps, owner, { id, by }).catch((failure: unknown) => failures.push(failure));
  };
  await pMap(ids, stopOne, { concurrency });
  if (failures.length > 0) throw failures[0];
}

async function stop(
  deps: StopDeps,
  owner: Owner,
  { id, by }: { readonly id: string; readonly by: StoppedBy },
): Promise<void> {
  const ref = executions.of(owner, id);
  let found = await deps.store.get(ref);
  const endId = deps.newId("auditRow");
  const rowId = deps.newId("auditRow");
  const { decision } = await deps.commits.submit({
    owner,
    needsAccount: true,
    closes: true,
    refresh: async () => {
      found = await deps.store.get(ref);
    },
    decide: (account) => {
      const { value: execution, version } = found;
      if (!account || !execution || hasEnded(execution)) return { writes: [], jobExecution: null };
      const now = deps.now();
      const row = { id: endId, ...by };
      const cancelled = cancel(owner, { execution, version, account }, { row, now });
      const { jobExecution } = execution;
      if (cancelled.writes.length === 0) return { writes: [], jobExecution };
      const entry = auditEntry(owner, {
        id: rowId,
        at: now,
        actor: by.actor,
        action: "execution.cancelled",
        subject: id,
        requestId: by.requestId,
        facts: { status: cancelled.status },
        sealedDetails: null,
      });
      return { ...cancelled, writes: [...cancelled.writes, entry], jobExecution };
    },
  });
  // If the platform can't be reached, the runner learns of it at its next heartbeat.
  if (decision.jobExecution !== null) await cancelJob(decision.jobExecution).catch(() => {});
}
