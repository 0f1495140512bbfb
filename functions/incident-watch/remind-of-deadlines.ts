import * as z from "zod";
import { ok } from "#shared/contract/common";
import { announceDeadline } from "#shared/incidents/announce-incident";
import { remindEveryMs } from "#shared/incidents/open-incident";
import { action } from "#shared/pipeline/route";
import { scheduled } from "#shared/pipeline/scheduled";
import { sweepEach } from "#shared/pipeline/sweep-each";
import { patch } from "#shared/store/documents";
import { incidents } from "#shared/store/incidents";
import { workingMsMax } from "./watch-turn.ts";

const incidentsMax = 50;

export const remindOfDeadlines = action({
  ...scheduled,
  endpoint: "POST /internal/incidents/deadlines",
  summary: "Raise an alert for incidents whose time to notify those affected runs out.",
  everyMs: 60_000,
  reply: { 200: z.object({ reminded: z.int() }) },
  // It works on incidents, which concern many owners.
  perform: async ({ deps }) => {
    const now = deps.now();
    const request = { field: "remindAt", until: now, limit: incidentsMax };
    const due = await deps.store.findDue(incidents.all(), request);
    const outcomes = await sweepEach(deps, due, {
      concurrency: 1,
      dueField: "remindAt",
      msMax: workingMsMax,
      work: async ({ ref, value }, { version }) => {
        announceDeadline(value, now);
        // Said twice is better than not at all; but one that is closed meanwhile stays silent.
        const next = { remindAt: now + remindEveryMs };
        await deps.store.commit([patch(ref, next, { version })]);
        return true;
      },
      failure: {
        message: "a reminder of a deadline is said again",
        facts: ({ id }) => ({ id }),
      },
      failed: false,
    });
    return ok({ reminded: outcomes.filter((done) => done).length });
  },
});
