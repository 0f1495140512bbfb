import * as z from "zod";
import { signedLog } from "#shared/audit/signed-log";
import { ok } from "#shared/contract/common";
import { buildExport, type Outcome } from "#shared/exports/build-export";
import { action } from "#shared/pipeline/route";
import { scheduled } from "#shared/pipeline/scheduled";
import { sweepEach } from "#shared/pipeline/sweep-each";
import { dueExports } from "#shared/store/account-exports";

/** The most exports per call, one after another. */
const exportsMax = 20;
/** After this time a call begins no other one, which may take a quarter of an hour. */
const beginningMsMax = 15 * 60_000;

export const buildExports = action({
  ...scheduled,
  endpoint: "POST /internal/exports/build",
  summary: "Build archives of accounts that were asked for, or whose building broke off.",
  everyMs: 60_000,
  reply: { 200: z.object({ due: z.int(), outcomes: z.record(z.string(), z.int()) }) },
  perform: async ({ deps, now, signal }) => {
    const due = await deps.store.findDue(dueExports.all(), {
      field: "dueAt",
      until: now,
      limit: exportsMax,
    });
    const outcomes: Partial<Record<Outcome | "broken off", number>> = {};
    const log = signedLog();
    const all = await sweepEach<typeof dueExports.schema, Outcome | "broken off">(deps, due, {
      concurrency: 1,
      dueField: "dueAt",
      msMax: beginningMsMax,
      work: async (found, { version }) => {
        if (signal.aborted) return "waits";
        return await buildExport({ ...deps, log, signal }, { ...found, version });
      },
      failure: {
        message: "an account's archive couldn't be made; it is tried again",
        facts: ({ ownerId }) => ({ ownerId }),
      },
      failed: "broken off",
    });
    for (const outcome of all) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    return ok({ due: due.length, outcomes });
  },
});
