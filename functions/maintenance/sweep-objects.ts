import * as z from "zod";
import { deploymentLimits } from "#shared/config";
import { noParams, noQuery, ok } from "#shared/contract/common";
import { existingOwner, newOwner } from "#shared/owners/act-on-owner";
import { type Deps, jsonBytesMax, route } from "#shared/pipeline/route";
import { type Collected, collectObjects, realCollection } from "#shared/quotas/collect-objects";
import { referencedObjects } from "#shared/quotas/references";
import { StorageUsage, storageUsageId, storageUsages } from "#shared/store/usage";
import { isConflict } from "#shared/store/with-deadline";
import { lookAfter } from "./look-after.ts";

/** One call's work; what is left is due at the next. */
const ownersMax = 20;
const sweepingMsMax = 60_000;

const Due = StorageUsage.pick({ v: true, kind: true, ownerId: true, sweepAt: true });

export const sweepObjects = route({
  answers: "POST /internal/maintenance/objects",
  summary: "Delete what is stored of workspaces and nothing has named for hours.",
  authenticate: "scheduler",
  everyMs: 300_000,
  scope: "none",
  params: noParams,
  query: noQuery,
  body: "none",
  bodyBytesMax: jsonBytesMax,
  limits: "none",
  budget: "free",
  audit: "none",
  reply: {
    200: z.object({ due: z.int(), condemned: z.int(), deleted: z.int(), failed: z.int() }),
  },
  read: async ({ deps }) => {
    const due = await deps.store.findDue(storageUsages.name, Due, {
      where: ["kind", "storage"],
      due: ["sweepAt", deps.now()],
      limit: ownersMax,
    });
    const counts = { due: due.length, condemned: 0, deleted: 0, failed: 0 };
    const giveUpAt = deps.now() + sweepingMsMax;
    const isLate = () => deps.now() > giveUpAt;
    for (const { ownerId } of due) {
      if (isLate()) break;
      const collected = await sweepOne(deps, ownerId, isLate);
      counts.condemned += collected?.condemned ?? 0;
      counts.deleted += collected?.deleted ?? 0;
      counts.failed += collected ? 0 : 1;
    }
    return counts;
  },
  decide: ({ data }) => ({ writes: [], reply: ok(data) }),
});

async function sweepOne(
  deps: Deps,
  ownerId: string,
  isLate: () => boolean,
): Promise<Collected | null> {
  const ref = storageUsages.of(newOwner(ownerId, "production"), storageUsageId);
  const failure = "an owner's unreferenced objects remain; it is tried again";
  const due = { ref, dueField: "sweepAt", failure, facts: { ownerId } };
  const collected = await lookAfter(deps, due, async () => await collect(deps, ownerId, isLate));
  return collected === "failed" ? null : collected;
}

async function collect(deps: Deps, ownerId: string, isLate: () => boolean): Promise<Collected> {
  try {
    const { owner } = await existingOwner(deps.store, ownerId);
    const { unreferencedMs } = deploymentLimits().quotas;
    const referenced = async () => await referencedObjects(deps.store, owner, isLate);
    return await collectObjects(realCollection(deps, owner, { referenced, unreferencedMs }), owner);
  } catch (cause) {
    // Another sweep of the same owner was faster, or something was stored meanwhile: it is due yet.
    if (isConflict(cause)) return { condemned: 0, deleted: 0 };
    throw cause;
  }
}
