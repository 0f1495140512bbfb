import * as z from "zod";
import { signedLog } from "#shared/audit/signed-log";
import { ok } from "#shared/contract/common";
import { buildExport, type Outcome } from "#shared/exports/build-export";
import { logFailure } from "#shared/pipeline/request-log";
import { action, type Deps } from "#shared/pipeline/route";
import { scheduled } from "#shared/pipeline/scheduled";
import { dueExports } from "#shared/store/account-exports";
import { patch, type Ref } from "#shared/store/documents";

/** The most exports per call, one after another. */
const exportsMax = 20;
/** After this time a call begins no other one, which may take a quarter of an hour. */
const beginningMsMax = 15 * 60_000;
const putOffMs = 5 * 60_000;

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
    for (const { ref, found } of due) {
      if (deps.now() > now + beginningMsMax || signal.aborted) break;
      const building = found
        ? buildExport({ ...deps, log, signal }, found)
        : Promise.reject(new Error("it can't be read"));
      const outcome = await building.catch(async (cause: unknown) => {
        logFailure("an account's archive couldn't be made; it is tried again", cause, {
          path: ref.path,
        });
        await putOff(deps, ref);
        return "broken off" as const;
      });
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    }
    return ok({ due: due.length, outcomes });
  },
});

/** Behind all others that are due: one whose building always fails mustn't stop them (TEN-2). */
async function putOff({ store, now }: Deps, ref: Ref<(typeof dueExports)["schema"]>) {
  const later = patch(ref, { dueAt: now() + putOffMs }, { mustExist: true });
  await store.commit([later]).catch(() => undefined);
}
