import * as z from "zod";
import { ok } from "#shared/contract/common";
import { roundRobinByOwner } from "#shared/core/limits/round-robin";
import { allInOrder } from "#shared/errors/all-in-order";
import { type DueExecution, dueExecutions, type Swept, sweepDue } from "#shared/executions/sweep";
import { mintOwner } from "#shared/identity/owner";
import { newServedAt } from "#shared/pipeline/owners-turns";
import { putOff } from "#shared/pipeline/put-off";
import { logFailure } from "#shared/pipeline/request-log";
import { action, type Deps, type Route } from "#shared/pipeline/route";
import { scheduled } from "#shared/pipeline/scheduled";
import { logUnreadable, sweepingMsMax } from "#shared/pipeline/sweep-each";
import { executions } from "#shared/store/executions";

/** The most executions per call; the rest stays due. Little more than their ids is read. */
export const executionsMax = 1_000;
/** How many executions are swept at once. While the platform is full, it is one at a time. */
export const atOnceMax = { usually: 4, waiting: 1 };

const Outcome = z.object({ due: z.int(), swept: z.record(z.string(), z.int()) });
type Counts = Partial<Record<Swept | "failed", number>>;

const servedAt = newServedAt();

type Sweep = Required<Pick<Route, "endpoint" | "everyMs" | "summary">> & {
  readonly status: "queued" | "running";
};

/** One sweep is the outbox, for queued executions; the other is the reaper, for running ones. */
function sweepRoute({ status, ...sweep }: Sweep) {
  return action({
    ...scheduled,
    ...sweep,
    reply: { 200: Outcome },
    perform: async ({ deps }) => {
      const due = await dueExecutions(deps, { status, limit: executionsMax });
      const unreadable = await putOffUnreadable(deps, due);
      const readable = due.flatMap(({ found }) => (found ? [found.value] : []));
      const swept = await sweepAll(deps, roundRobinByOwner(readable, servedAt));
      const failed = (swept.failed ?? 0) + unreadable;
      return ok({ due: due.length, swept: { ...swept, ...(failed > 0 && { failed }) } });
    },
  });
}

/** Sweeps a few at a time, in the given order. Once the platform is full, it stops. */
async function sweepAll(deps: Deps, due: readonly DueExecution[]): Promise<Counts> {
  const counts: Counts = {};
  const giveUpAt = deps.now() + sweepingMsMax;
  const isScarce = due.some(({ waitingSince }) => waitingSince !== null);
  const atOnce = isScarce ? atOnceMax.waiting : atOnceMax.usually;
  for (let first = 0; first < due.length; first += atOnce) {
    const outcomes = await allInOrder(
      due.slice(first, first + atOnce).map((one) => sweepOne(deps, one)),
    );
    for (const outcome of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1;
    if (outcomes.includes("full") || deps.now() > giveUpAt) break;
  }
  return counts;
}

/** @returns how many couldn't be read. */
async function putOffUnreadable(deps: Deps, due: Awaited<ReturnType<typeof dueExecutions>>) {
  const unreadable = due.flatMap((one) => (one.found === null ? [one] : []));
  for (const { ref, cause } of unreadable) {
    await putOff(deps, ref, { dueField: "sweepAt" });
    logUnreadable(ref, cause);
  }
  return unreadable.length;
}

async function sweepOne(deps: Deps, due: DueExecution): Promise<Swept | "failed"> {
  try {
    const outcome = await sweepDue(deps, due);
    if (outcome === "dispatched") servedAt.set(due.ownerId, deps.now());
    return outcome;
  } catch (cause) {
    logFailure("a sweep failed; it is tried again", cause, { executionId: due.id });
    const ref = executions.of(mintOwner(due.ownerId, due.mode), due.id);
    await putOff(deps, ref, { dueField: "sweepAt" });
    return "failed";
  }
}

export const sweepQueued = sweepRoute({
  endpoint: "POST /internal/maintenance/outbox",
  everyMs: 5_000,
  status: "queued",
  summary:
    "Start runners for executions that a crash or a quota left without one; owners take turns.",
});
export const sweepRunning = sweepRoute({
  endpoint: "POST /internal/maintenance/reaper",
  everyMs: 15_000,
  status: "running",
  summary: "End the executions whose runner fell silent.",
});
