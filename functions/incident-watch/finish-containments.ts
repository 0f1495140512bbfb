import * as z from "zod";
import { ok } from "#shared/contract/common";
import { finishContainment } from "#shared/incidents/contain";
import { turnEverybody } from "#shared/incidents/contain-everybody";
import { logFailure } from "#shared/pipeline/request-log";
import { action } from "#shared/pipeline/route";
import { scheduled } from "#shared/pipeline/scheduled";
import { sweepEach } from "#shared/pipeline/sweep-each";
import { containments } from "#shared/store/containments";
import { workingMsMax } from "./watch-turn.ts";

const containmentsMax = 20;
export const finishContainments = action({
  ...scheduled,
  endpoint: "POST /internal/incidents/containments",
  summary: "Finish containing and releasing where a crash left something behind.",
  everyMs: 60_000,
  reply: { 200: z.object({ due: z.int(), failed: z.int() }) },
  // It works on many owners, and repeats what a request has committed.
  perform: async ({ deps }) => {
    const request = { field: "dueAt", until: deps.now(), limit: containmentsMax };
    const due = await deps.store.findDue(containments.all(), request);
    const outcomes = await sweepEach(deps, due, {
      concurrency: 1,
      dueField: "dueAt",
      msMax: workingMsMax,
      work: async ({ value }, { isLate }) => {
        const turn = { isLate, report: logFailure };
        if (value.target === "all") await turnEverybody(deps, value.id, turn);
        else await finishContainment(deps, value);
        return true;
      },
      failure: {
        message: "a containment isn't complete; it is tried again",
        facts: ({ id }) => ({ id }),
      },
      failed: false,
    });
    return ok({ due: due.length, failed: outcomes.filter((done) => !done).length });
  },
});
