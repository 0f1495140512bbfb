/**
 * What follows an environment's deletion: secrets can't be opened, executions stop, files are
 * collected.
 */
import { allInOrder } from "../errors/all-in-order.ts";
import { type StopDeps, stopExecutions } from "../executions/stop-executions.ts";
import type { Owner } from "../identity/owner.ts";
import { scheduleSweep } from "../quotas/schedule-sweep.ts";
import { remove } from "../store/documents.ts";
import { sealingKeys } from "../store/environments.ts";
import { executions } from "../store/executions.ts";
import {
  type PendingKeyDestruction,
  pendingKeyDestructions,
} from "../store/pending-key-destructions.ts";
import type { Store } from "../store/store.ts";
import { withDeadline } from "../store/with-deadline.ts";

/** When maintenance takes over a deletion whose process died. */
export const shredDeadlineMs = 10_000;
/** An owner can't have more unfinished executions. */
const executionsMax = 1_000;

const WithId = executions.schema.pick({ id: true });

export type ShredDeps = StopDeps & { readonly keyStore: Store };

/**
 * Destroys the key pair, which no backup holds, and stops what runs there. The order to do so
 * stands until all of it is done. Doing it twice changes nothing, and nothing of a newer
 * environment, since no environment gets the id of an earlier one.
 */
export async function finishShredding(
  deps: ShredDeps,
  owner: Owner,
  { environmentId, actor, requestId }: PendingKeyDestruction,
): Promise<void> {
  await withDeadline(deps.keyStore.commit([remove(sealingKeys.of(owner, environmentId), null)]));
  const active = (["queued", "running"] as const).map((status) =>
    deps.store.findParts(executions.all(owner), WithId, {
      where: [
        ["environmentId", environmentId],
        ["status", status],
      ],
      orderBy: [],
      limit: executionsMax,
      outOfTurn: true,
    }),
  );
  const ids = (await allInOrder(active)).flat().map(({ id }) => id);
  await stopExecutions(deps, owner, { ids, by: { actor, requestId } });
  await scheduleSweep(deps, owner);
  await withDeadline(deps.store.commit([remove(pendingKeyDestructions.doc(environmentId), null)]));
}
