import * as z from "zod";
import { ok } from "#shared/contract/common";
import { roundRobinByOwner } from "#shared/core/limits/round-robin";
import { existingOwner } from "#shared/owners/act-on-owner";
import { dispatchStarted } from "#shared/pipeline/dispatch-started";
import { newServedAt } from "#shared/pipeline/owners-turns";
import { putOff } from "#shared/pipeline/put-off";
import { action, type Deps } from "#shared/pipeline/route";
import { scheduled } from "#shared/pipeline/scheduled";
import { logUnreadable, sweepEach } from "#shared/pipeline/sweep-each";
import type { FireOutcome } from "#shared/schedules/decide-firing";
import { fireSchedule } from "#shared/schedules/fire-schedule";
import { dueSchedules } from "#shared/store/schedules";

/** The most schedules per call; the rest stays due. Little more than their ids is read. */
const schedulesMax = 1_000;
const concurrency = 4;

type Outcome = FireOutcome | "failed";

const servedAt = newServedAt();

export const fireSchedules = action({
  ...scheduled,
  endpoint: "POST /internal/maintenance/schedules",
  summary: "Start the executions of schedules that are due; owners take turns.",
  everyMs: 5_000,
  reply: { 200: z.object({ due: z.int(), fired: z.record(z.string(), z.int()) }) },
  perform: async ({ deps }) => {
    const due = await deps.store.findDue(dueSchedules, {
      field: "dueAt",
      until: deps.now(),
      limit: schedulesMax,
    });
    const readable = due.flatMap(({ ref, found }) => (found ? [{ ref, found }] : []));
    for (const one of due) {
      if (one.found) continue;
      await putOff(deps, one.ref, { dueField: "dueAt" });
      logUnreadable(one.ref, one.cause);
    }
    const waiting = readable.map((one) => ({ ...one.found.value, one }));
    const turns = roundRobinByOwner(waiting, servedAt).map(({ one }) => one);
    const outcomes = await sweepEach<typeof dueSchedules.schema, Outcome>(deps, turns, {
      concurrency,
      dueField: "dueAt",
      work: async ({ value }) => await fireOne(deps, value),
      failure: {
        message: "a schedule wasn't run; it is tried again",
        facts: ({ id }) => ({ scheduleId: id }),
      },
      failed: "failed",
    });
    const fired: Record<string, number> = {};
    for (const outcome of outcomes) fired[outcome] = (fired[outcome] ?? 0) + 1;
    return ok({ due: due.length, fired });
  },
});

async function fireOne(
  deps: Deps,
  { ownerId, id }: { readonly ownerId: string; readonly id: string },
): Promise<FireOutcome> {
  const { owner } = await existingOwner(deps.store, ownerId);
  servedAt.set(ownerId, deps.now());
  const { outcome, started, version } = await fireSchedule(deps, owner, id);
  if (started) {
    const { execution, ticket } = started;
    await dispatchStarted(deps.store, owner, { execution, version, ticket, now: deps.now });
  }
  return outcome;
}
