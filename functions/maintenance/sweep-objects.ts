import * as z from "zod";
import { deploymentLimits } from "#shared/config";
import { ok } from "#shared/contract/common";
import { existingOwner } from "#shared/owners/act-on-owner";
import { isEvidence } from "#shared/owners/evidence";
import { action, type Deps } from "#shared/pipeline/route";
import { scheduled } from "#shared/pipeline/scheduled";
import { type SweepTurn, sweepEach } from "#shared/pipeline/sweep-each";
import {
  type CollectedObjects,
  collectObjects,
  realGarbageCollection,
} from "#shared/quotas/collect-objects";
import { referencedObjects } from "#shared/quotas/references";
import type { Version } from "#shared/store/documents";
import { StorageUsage, storageUsages } from "#shared/store/usage";
import { isConflict } from "#shared/store/with-deadline";

/** The most owners per call; the rest is due at the next. */
const ownersMax = 20;

const usages = {
  collectionGroup: storageUsages.name,
  schema: StorageUsage.pick({ v: true, kind: true, ownerId: true, sweepAt: true }),
};

export const sweepObjects = action({
  ...scheduled,
  endpoint: "POST /internal/maintenance/objects",
  summary: "Delete the workspace objects that nothing has referred to for hours.",
  everyMs: 300_000,
  reply: {
    200: z.object({ due: z.int(), condemned: z.int(), deleted: z.int(), failed: z.int() }),
  },
  perform: async ({ deps }) => {
    const due = await deps.store.findDue(usages, {
      where: [["kind", "storage"]],
      field: "sweepAt",
      until: deps.now(),
      limit: ownersMax,
    });
    const counts = { due: due.length, condemned: 0, deleted: 0, failed: 0 };
    const outcomes = await sweepEach(deps, due, {
      concurrency: 1,
      dueField: "sweepAt",
      work: async ({ value: { ownerId } }, turn) => await sweepOne(deps, ownerId, turn),
      failure: {
        message: "an owner's unreferenced objects remain; it is tried again",
        facts: ({ ownerId }) => ({ ownerId }),
      },
      failed: null,
    });
    for (const collected of outcomes) {
      counts.condemned += collected?.condemned ?? 0;
      counts.deleted += collected?.deleted ?? 0;
      counts.failed += collected ? 0 : 1;
    }
    return ok(counts);
  },
});

async function sweepOne(
  deps: Deps,
  ownerId: string,
  turn: SweepTurn,
): Promise<CollectedObjects | null> {
  const { isLate } = turn;
  try {
    if (await isEvidence(deps.store, ownerId)) return { condemned: 0, deleted: 0 };
    const { owner } = await existingOwner(deps.store, ownerId);
    const { unreferencedMs } = deploymentLimits().quotas;
    const referenced = async () => await referencedObjects(deps.store, owner, isLate);
    // Putting the sweep off changed the usage's document, but not what it counts.
    const usageChangedAt = (version: Version) =>
      turn.changedAt !== null && version.isEqual(turn.version) ? turn.changedAt : version;
    const isFrozen = async () => await isEvidence(deps.store, ownerId);
    const how = { referenced, unreferencedMs, isLate, isFrozen, usageChangedAt };
    return await collectObjects(realGarbageCollection(deps, owner, how), owner);
  } catch (cause) {
    // Another sweep was faster, or something was stored meanwhile. The owner stays due.
    if (isConflict(cause)) return { condemned: 0, deleted: 0 };
    throw cause;
  }
}
