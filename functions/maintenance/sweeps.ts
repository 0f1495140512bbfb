import { z } from "zod";
import { noParams, noQuery, ok } from "#shared/contract/common";
import { dueExecutions, type Swept, sweepExecution } from "#shared/executions/sweep";
import { logFailure } from "#shared/pipeline/request-log";
import { jsonBytesMax, route } from "#shared/pipeline/route";

/** One call's work; what is left is due again at the next. */
const executionsMax = 100;

const Outcome = z.object({ due: z.int(), swept: z.record(z.string(), z.int()) });

/** The outbox looks after executions that wait, the reaper after those that ran. */
function sweepRoute(name: "outbox" | "reaper", status: "queued" | "running", summary: string) {
  return route({
    answers: `POST /internal/maintenance/${name}`,
    summary,
    authenticate: "scheduler",
    scope: "none",
    params: noParams,
    query: noQuery,
    body: "none",
    bodyBytesMax: jsonBytesMax,
    limits: "none",
    budget: "free",
    audit: "none",
    reply: { 200: Outcome },
    read: async ({ deps }) => {
      const found = await dueExecutions(deps, executionsMax);
      const due = found.filter(({ value }) => value.status === status);
      const swept: Partial<Record<Swept | "failed", number>> = {};
      for (const one of due) {
        const outcome = await sweepExecution(deps, one).catch((cause: unknown) => {
          logFailure("a sweep failed; it is tried again", cause, { executionId: one.value.id });
          return "failed" as const;
        });
        swept[outcome] = (swept[outcome] ?? 0) + 1;
      }
      return { due: due.length, swept };
    },
    decide: ({ data }) => ({ writes: [], reply: ok(data) }),
  });
}

export const sweepQueued = sweepRoute(
  "outbox",
  "queued",
  "Dispatch the executions that a crash or a quota left behind.",
);
export const sweepRunning = sweepRoute(
  "reaper",
  "running",
  "End the executions whose runner fell silent.",
);
