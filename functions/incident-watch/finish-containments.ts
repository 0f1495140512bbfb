import * as z from "zod";
import { ok } from "#shared/contract/common";
import { finishContainment } from "#shared/incidents/contain";
import { turnEverybody } from "#shared/incidents/contain-everybody";
import { action } from "#shared/pipeline/route";
import { scheduled } from "#shared/pipeline/scheduled";
import { containments } from "#shared/store/containments";
import { newTurn } from "./watch-turn.ts";

const containmentsMax = 20;
export const finishContainments = action({
  ...scheduled,
  endpoint: "POST /internal/incidents/containments",
  summary: "Finish containing and releasing where a crash left something behind.",
  everyMs: 60_000,
  reply: { 200: z.object({ due: z.int(), failed: z.int() }) },
  // It works on many owners, and repeats what a request has committed.
  perform: async ({ deps }) => {
    const { isLate, report } = newTurn(deps);
    const request = { field: "dueAt", until: deps.now(), limit: containmentsMax };
    const due = await deps.store.findDue(containments.all(), request);
    let failed = 0;
    for (const { ref, found } of due) {
      if (isLate()) break;
      try {
        if (!found) throw new Error("it can't be read");
        if (found.value.target === "all") await turnEverybody(deps, found.value.id, isLate);
        else await finishContainment(deps, found.value);
      } catch (cause) {
        failed += 1;
        report("a containment isn't complete; it is tried again", cause, { path: ref.path });
      }
    }
    return ok({ due: due.length, failed });
  },
});
