import * as z from "zod";
import { ok } from "#shared/contract/common";
import { finishDeletion } from "#shared/deletion/finish-deletion";
import { existingOwner } from "#shared/owners/act-on-owner";
import { inOwnersTurns, newServedAt } from "#shared/pipeline/owners-turns";
import { action } from "#shared/pipeline/route";
import { scheduled } from "#shared/pipeline/scheduled";
import { sweepEach } from "#shared/pipeline/sweep-each";
import { deletions } from "#shared/store/deletions";

/** The most deletions per call; the rest is due at the next. */
const deletionsMax = 1_000;

const servedAt = newServedAt();

export const sweepDeletions = action({
  ...scheduled,
  endpoint: "POST /internal/maintenance/deletions",
  summary: "Erase what is still stored of deleted threads, messages and environments.",
  everyMs: 15_000,
  reply: { 200: z.object({ due: z.int(), erased: z.int() }) },
  perform: async ({ deps }) => {
    const due = await deps.store.findDue(deletions.all(), {
      field: "dueAt",
      until: deps.now(),
      limit: deletionsMax,
    });
    const outcomes = await sweepEach(deps, inOwnersTurns(due, servedAt), {
      concurrency: 1,
      dueField: "dueAt",
      work: async ({ value }, { isLate }) => {
        const { owner } = await existingOwner(deps.store, value.ownerId);
        servedAt.set(value.ownerId, deps.now());
        return await finishDeletion(deps, owner, value, isLate);
      },
      failure: {
        message: "something that was deleted is still stored; it is tried again",
        facts: ({ kind, id }) => ({ kind, id }),
      },
      failed: false,
    });
    return ok({ due: due.length, erased: outcomes.filter((done) => done).length });
  },
});
