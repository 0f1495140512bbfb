import * as z from "zod";
import { ok } from "#shared/contract/common";
import { roundRobinByOwner } from "#shared/core/limits/round-robin";
import { advanceRun } from "#shared/orchestrations/advance-run";
import type { AdvanceOutcome } from "#shared/orchestrations/decide-advance";
import { existingOwner } from "#shared/owners/act-on-owner";
import { dispatchStarted } from "#shared/pipeline/dispatch-started";
import { newServedAt } from "#shared/pipeline/owners-turns";
import { action, type Deps } from "#shared/pipeline/route";
import { scheduled } from "#shared/pipeline/scheduled";
import { sweepEach } from "#shared/pipeline/sweep-each";
import { dueRuns } from "#shared/store/orchestrations";

/** The most runs per call; the rest stays due. Little more than their ids is read. */
const runsMax = 1_000;
const concurrency = 4;

type Outcome = AdvanceOutcome | "failed";

const servedAt = newServedAt();

export const advanceRuns = action({
  ...scheduled,
  endpoint: "POST /internal/maintenance/runs",
  summary: "Move the runs of orchestrations on; owners take turns.",
  everyMs: 5_000,
  reply: { 200: z.object({ due: z.int(), advanced: z.record(z.string(), z.int()) }) },
  perform: async ({ deps }) => {
    const due = await deps.store.findDue(dueRuns, {
      field: "dueAt",
      until: deps.now(),
      limit: runsMax,
    });
    const readable = due.flatMap((one) => (one.found ? [{ ...one.found.value, one }] : []));
    const unreadable = due.filter(({ found }) => found === null);
    const turns = roundRobinByOwner(readable, servedAt).map(({ one }) => one);
    const outcomes = await sweepEach<typeof dueRuns.schema, Outcome>(
      deps,
      [...turns, ...unreadable],
      {
        concurrency,
        dueField: "dueAt",
        work: async ({ value }) => await advanceOne(deps, value),
        failure: {
          message: "a run wasn't moved on; it is tried again",
          facts: ({ id }) => ({ orchestrationRunId: id }),
        },
        failed: "failed",
      },
    );
    const advanced: Record<string, number> = {};
    for (const outcome of outcomes) advanced[outcome] = (advanced[outcome] ?? 0) + 1;
    return ok({ due: due.length, advanced });
  },
});

async function advanceOne(
  deps: Deps,
  run: { readonly ownerId: string; readonly id: string; readonly orchestrationId: string },
): Promise<AdvanceOutcome> {
  const { owner } = await existingOwner(deps.store, run.ownerId);
  servedAt.set(run.ownerId, deps.now());
  const { outcome, started } = await advanceRun(deps, owner, run);
  for (const { start, version } of started) {
    const { execution, ticket } = start;
    await dispatchStarted(deps.store, owner, { execution, version, ticket, now: deps.now });
  }
  return outcome;
}
