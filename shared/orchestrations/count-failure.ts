/**
 * What becomes of a run that can't be moved on for a reason that nobody expected, such as a stored
 * document that can't be read. Each failure is counted; after some of them the run ends, so that
 * its money isn't held for a day.
 */
import type { IdKind } from "../core/ids.ts";
import { releaseRun } from "../core/money/run-hold.ts";
import { ApiError } from "../errors/api-error.ts";
import type { Owner } from "../identity/owner.ts";
import type { Decision } from "../store/change.ts";
import type { CommitCoordinator } from "../store/commit-coordinator.ts";
import { patch, replace } from "../store/documents.ts";
import { OrchestrationRun, orchestrationRuns } from "../store/orchestrations.ts";
import type { FoundDocument } from "../store/read-document.ts";
import type { ReadStore } from "../store/store.ts";
import { isConflict } from "../store/with-deadline.ts";
import { endedRow, endWrites } from "./decide-advance.ts";
import { failing, openExecutions, stopped } from "./run-state.ts";

/** So many failures one after another, a minute apart at least, end a run. */
export const failuresMax = 10;
const failedWaitMs = 60_000;
const why = "It couldn't be moved on, for a reason within the platform.";

const Counted = OrchestrationRun.pick({ failures: true, completedAt: true });

interface Deps {
  readonly store: ReadStore;
  readonly commits: CommitCoordinator;
  now(): number;
  newId(kind: IdKind): string;
}

/** Whether trying again may be in vain: neither a refusal nor the database's own trouble. */
export function isUnexpected(cause: unknown): boolean {
  if (cause instanceof ApiError) return cause.code === "INTERNAL_ERROR";
  return !isConflict(cause);
}

/** Counts a failure of a run, and ends the run if it was the last one. */
export async function countFailure(
  deps: Deps,
  owner: Owner,
  { orchestrationId, id }: { readonly orchestrationId: string; readonly id: string },
): Promise<void> {
  const ref = orchestrationRuns.of(owner, orchestrationId, id);
  const read = async () => {
    const found = await deps.store.get(ref).catch(refusedAlone);
    if (found !== null) return found.version ? { found, counted: found.value } : null;
    const parts = await deps.store.getParts(Counted, [ref]).catch(refusedAlone);
    // Without its count, this failure is the last one.
    const [counted = null] = parts ?? [{ failures: failuresMax, completedAt: null }];
    return counted && { found: null, counted };
  };
  let state = await read();
  const rowId = deps.newId("auditRow");
  await deps.commits.submit<Decision>({
    owner,
    needsAccount: true,
    refresh: async () => {
      state = await read();
    },
    decide: (account) => {
      if (!account || !state || state.counted.completedAt !== null) return { writes: [] };
      const now = deps.now();
      const { found } = state;
      const failures = state.counted.failures + 1;
      // No other process can change what can't be read.
      const condition = found ? { version: found.version } : { mustExist: true as const };
      if (failures < failuresMax) {
        return { writes: [patch(ref, { failures, dueAt: now + failedWaitMs }, condition)] };
      }
      if (!found) {
        const ended = { status: "failed", error: why, completedAt: now, dueAt: null } as const;
        const heldMicrousd = account.runs[id]?.totalMicrousd ?? 0;
        const facts = { outcome: ended.status, orchestrationId, heldMicrousd };
        const row = endedRow(owner, { rowId, runId: id, now, facts });
        const writes = [patch(ref, { ...ended, failures }, condition), row];
        return { writes, account: releaseRun(account, id) };
      }
      if (mayWait(found)) {
        const run = { ...failing(found.value, why), failures: 0, dueAt: now };
        return { writes: [replace(ref, found.version, run)] };
      }
      const run = stopped(found.value, why);
      const { write, row, without } = endWrites(owner, { found, run, account, rowId, now });
      return { writes: [write, row], account: without };
    },
  });
}

/** A document that can't be read is null; what may pass is thrown. */
function refusedAlone(cause: unknown): null {
  if (isUnexpected(cause)) return null;
  throw cause;
}

/** Whether what runs may still come to its end, since only what was to start next has failed. */
function mayWait({ value }: FoundDocument<typeof orchestrationRuns.schema>): boolean {
  return value.error === null && openExecutions(value).length > 0;
}
