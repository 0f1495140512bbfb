/**
 * What is held for an orchestration's run: one amount, from which the holds of its executions are
 * carved. What they don't need comes back, so a run never spends more than it held at its start,
 * and money changes between run and execution without becoming free for anybody else (ADR 52).
 */
import { assert } from "../assert.ts";
import type { Account, Hold, RunHold } from "./account.ts";
import type { Cap } from "./caps.ts";
import type { Difference } from "./ledger.ts";

/** The account with so much less in the run's hold; unchanged if there is no run. */
export function carve(account: Account, runId: string | null, amountMicrousd: number): Account {
  const run = runId === null ? undefined : account.runs[runId];
  if (runId === null || !run) return account;
  assert(amountMicrousd <= run.amountMicrousd, "a run's hold covers what is carved from it");
  const left = run.amountMicrousd - amountMicrousd;
  return withAmount(account, runId, { ...run, amountMicrousd: left });
}

/** What an execution released goes back to its run, or is free if the run has ended. */
export function giveBack(account: Account, runId: string | null, amountMicrousd: number): Account {
  const run = runId === null ? undefined : account.runs[runId];
  if (runId === null || !run) return account;
  return withAmount(account, runId, {
    ...run,
    amountMicrousd: run.amountMicrousd + amountMicrousd,
  });
}

function withAmount(account: Account, runId: string, run: RunHold): Account {
  return { ...account, runs: { ...account.runs, [runId]: run } };
}

/** The account without the run's hold: what is left of it is free. */
export function releaseRun(account: Account, runId: string): Account {
  const { [runId]: _ended, ...runs } = account.runs;
  return { ...account, runs };
}

/**
 * The caps that apply to an execution of a run: what the run has left, and its key's ceiling for
 * one execution. Balance, days and months were checked when the run's hold was made.
 */
export function carvedCaps(
  account: Account,
  held: Pick<Hold, "executionMaxMicrousd" | "runId">,
  executionMicrousd: number,
): readonly Cap[] {
  const run = held.runId === null ? undefined : account.runs[held.runId];
  const leftMicrousd = run?.amountMicrousd ?? 0;
  const limitMicrousd = run?.totalMicrousd ?? 0;
  const max = held.executionMaxMicrousd;
  const common = { spentMicrousd: 0, resetsAt: null };
  return [
    {
      ...{ ...common, refusal: "INSUFFICIENT_BUDGET", limitMicrousd, leftMicrousd },
      heldMicrousd: limitMicrousd - leftMicrousd,
    },
    {
      ...{ ...common, refusal: "BUDGET_LIMIT_KEY", limitMicrousd: max },
      heldMicrousd: executionMicrousd,
      leftMicrousd: (max ?? Number.POSITIVE_INFINITY) - executionMicrousd,
    },
  ];
}

/** Runs whose hold and whose executions' holds are together more than was held at their start. */
export function runDifferences({ holds, runs }: Account): readonly Difference[] {
  return Object.entries(runs).flatMap(([runId, run]) => {
    const carved = Object.values(holds).filter((held) => held.runId === runId);
    const accountHas = carved.reduce((sum, held) => sum + held.amountMicrousd, run.amountMicrousd);
    const ledgerHas = run.totalMicrousd;
    return accountHas > ledgerHas ? [{ what: `hold of ${runId}`, accountHas, ledgerHas }] : [];
  });
}
