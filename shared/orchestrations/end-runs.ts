/** Ends the runs of what is deleted: their executions stop, and what they held is free. */
import { releaseRun } from "../core/money/run-hold.ts";
import { type StopDeps, type StoppedBy, stopExecutions } from "../executions/stop-executions.ts";
import type { Owner } from "../identity/owner.ts";
import { orchestrationRuns } from "../store/orchestrations.ts";
import { accountId, accounts } from "../store/owners.ts";
import { endWrites } from "./decide-advance.ts";
import { openExecutions, stopped } from "./run-state.ts";

type Field = "orchestrationId" | "environmentId";

/**
 * The account names all runs that haven't ended. It may be repeated. Nothing of them starts any
 * more, since the sweep finds their orchestration or environment gone.
 */
export async function endRuns(
  deps: StopDeps,
  owner: Owner,
  which: { readonly where: readonly [Field, string]; readonly by: StoppedBy },
): Promise<void> {
  const { value: account } = await deps.store.get(accounts.of(owner, accountId));
  for (const [runId, { orchestrationId }] of Object.entries(account?.runs ?? {})) {
    await endOne(deps, owner, { ...which, runId, orchestrationId });
  }
}

async function endOne(
  deps: StopDeps,
  owner: Owner,
  ending: {
    readonly runId: string;
    readonly orchestrationId: string;
    readonly where: readonly [Field, string];
    readonly by: StoppedBy;
  },
): Promise<void> {
  const { runId, orchestrationId, by } = ending;
  const [field, id] = ending.where;
  const ref = orchestrationRuns.of(owner, orchestrationId, runId);
  const read = async () => {
    const found = await deps.store.get(ref);
    const isMeant =
      field === "orchestrationId" ? orchestrationId === id : found.value?.environmentId === id;
    if (isMeant && found.value) {
      await stopExecutions(deps, owner, { ids: openExecutions(found.value), by });
    }
    return { ...found, isMeant };
  };
  let found = await read();
  if (!found.isMeant) return;
  const rowId = deps.newId("auditRow");
  await deps.commits.submit({
    owner,
    needsAccount: true,
    refresh: async () => {
      found = await read();
    },
    decide: (account) => {
      if (!account?.runs[runId]) return { writes: [] };
      // Without its document, what it held is released all the same.
      if (!found.version) return { writes: [], account: releaseRun(account, runId) };
      const { value, version } = found;
      const run = stopped(value, `The ${field.replace("Id", "")} was deleted.`);
      const now = deps.now();
      const { write, row, without } = endWrites(owner, {
        ...{ found: { ref, value, version }, run, account, rowId, now },
      });
      return { writes: [write, row], account: without };
    },
  });
}
