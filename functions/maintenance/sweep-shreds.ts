import * as z from "zod";
import { ok } from "#shared/contract/common";
import { finishShredding } from "#shared/environments/shred";
import { existingOwner } from "#shared/owners/act-on-owner";
import { inOwnersTurns, newServedAt } from "#shared/pipeline/owners-turns";
import { action, type Deps } from "#shared/pipeline/route";
import { scheduled } from "#shared/pipeline/scheduled";
import { sweepEach } from "#shared/pipeline/sweep-each";
import {
  type PendingKeyDestruction,
  pendingKeyDestructions,
} from "#shared/store/pending-key-destructions";

/** The most deletions per call; the rest is due at the next. */
const shredsMax = 1_000;

const servedAt = newServedAt();

export const sweepShreds = action({
  ...scheduled,
  endpoint: "POST /internal/maintenance/shreds",
  summary: "Destroy key pairs of deleted environments that a crash left behind.",
  everyMs: 15_000,
  reply: { 200: z.object({ due: z.int(), shredded: z.int() }) },
  perform: async ({ deps }) => {
    const due = await deps.store.findDue(pendingKeyDestructions.all(), {
      field: "dueAt",
      until: deps.now(),
      limit: shredsMax,
    });
    const outcomes = await sweepEach(deps, inOwnersTurns(due, servedAt), {
      concurrency: 1,
      dueField: "dueAt",
      work: async ({ value }) => {
        servedAt.set(value.ownerId, deps.now());
        return await finish(deps, value);
      },
      failure: {
        message: "a deleted environment's keys remain; it is tried again",
        facts: ({ environmentId }) => ({ environmentId }),
      },
      failed: false,
    });
    return ok({ due: due.length, shredded: outcomes.filter((done) => done).length });
  },
});

async function finish(deps: Deps, shred: PendingKeyDestruction): Promise<boolean> {
  const { owner } = await existingOwner(deps.store, shred.ownerId);
  await finishShredding(deps, owner, shred);
  return true;
}
