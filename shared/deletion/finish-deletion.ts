/**
 * What follows the commit that deleted something: nobody can read it any more, and what is stored
 * of it is erased. Each step may be repeated, so a process that dies only delays it.
 */
import { allInOrder } from "../errors/all-in-order.ts";
import { type StopDeps, stopExecutions } from "../executions/stop-executions.ts";
import type { Owner } from "../identity/owner.ts";
import { endRuns } from "../orchestrations/end-runs.ts";
import { stillFree } from "../owners/evidence.ts";
import { type Deletion, deletions } from "../store/deletions.ts";
import { patch, remove } from "../store/documents.ts";
import { executions } from "../store/executions.ts";
import type { Store } from "../store/store.ts";
import { isConflict, withDeadline } from "../store/with-deadline.ts";
import { eraseAutomation, eraseAutomations } from "./erase-automations.ts";
import type { Eraser } from "./erase-documents.ts";
import { eraseExecutionLog } from "./erase-message.ts";
import { eraseThread } from "./erase-thread.ts";
import { forgetEnvironment } from "./forget-environment.ts";

/** When maintenance takes over a deletion whose process died. */
export const deletionDeadlineMs = 10_000;
/** How long a request erases by itself before it leaves the rest to maintenance. */
const inRequestMsMax = 3_000;
/** When it is looked at again whether an incident still needs what was deleted. */
export const frozenMs = 60 * 60_000;
const stillThere = { mustExist: true } as const;
/** An owner can't have more unfinished executions. */
const executionsMax = 1_000;

export type DeletionDeps = StopDeps & { readonly keyStore: Store };

const WithId = executions.schema.pick({ id: true });

/**
 * Erases what is stored of something that was deleted, as far as the call's time allows. What an
 * incident needs as evidence stays, hidden, until the incident is closed (INC-4).
 * @returns Whether nothing of it is left; otherwise maintenance goes on.
 */
export async function finishDeletion(
  deps: DeletionDeps,
  owner: Owner,
  deletion: Deletion,
  isLate: () => boolean,
): Promise<boolean> {
  if (!(await stopAll(deps, owner, deletion))) return false;
  const still = await stillFree(deps.store, owner.id);
  if (still === null) {
    // Not due again soon, because others' deletions would wait behind it for as long as it waits.
    const later = patch(deletions.doc(deletion.id), { dueAt: deps.now() + frozenMs }, stillThere);
    await withDeadline(deps.store.commit([later]));
    return false;
  }
  const eraser = { store: deps.store, keyStore: deps.keyStore, owner, isLate, still };
  const isDone = await unlessFrozen(erase[deletion.kind](eraser, deletion, deps.now()));
  if (!isDone) return false;
  await withDeadline(deps.store.commit([remove(deletions.doc(deletion.id), null)]));
  return true;
}

/** False as well for what was frozen in the middle: the next sweep finds that out. */
export async function unlessFrozen(erasing: Promise<boolean>): Promise<boolean> {
  try {
    return await erasing;
  } catch (cause) {
    if (isConflict(cause)) return false;
    throw cause;
  }
}

/**
 * Erases what a request has deleted, for a few seconds at most. If it fails or remains, it is left
 * to maintenance.
 */
export async function finishInRequest(
  deps: DeletionDeps,
  owner: Owner,
  deletion: Deletion,
): Promise<boolean> {
  const giveUpAt = deps.now() + inRequestMsMax;
  return await finishDeletion(deps, owner, deletion, () => deps.now() > giveUpAt);
}

const erase = {
  thread: eraseThread,
  message: eraseExecutionLog,
  environment: async (eraser: Eraser, deletion: Deletion) =>
    (await eraseAutomations(eraser, deletion)) && (await forgetEnvironment(eraser, deletion)),
  schedule: eraseAutomation,
  trigger: eraseAutomation,
  orchestration: eraseAutomation,
} as const;

/** What a schedule or a trigger has started goes on: its threads stay. */
const runsIn = {
  thread: "threadId",
  environment: "environmentId",
  message: null,
  schedule: null,
  trigger: null,
  orchestration: null,
} as const;

/** Stops what runs there. @returns Whether nothing runs any more. */
async function stopAll(deps: StopDeps, owner: Owner, deletion: Deletion): Promise<boolean> {
  const { kind, id, actor, requestId } = deletion;
  const by = { actor, requestId };
  if (kind === "orchestration") await endRuns(deps, owner, { where: ["orchestrationId", id], by });
  if (kind === "environment") await endRuns(deps, owner, { where: ["environmentId", id], by });
  const field = runsIn[kind];
  if (field === null) return true;
  const ids = await unfinished(deps.store, owner, [field, id]);
  if (ids.length === 0) return true;
  await stopExecutions(deps, owner, { ids, by });
  return (await unfinished(deps.store, owner, [field, id])).length === 0;
}

async function unfinished(
  store: Store,
  owner: Owner,
  where: readonly [field: string, id: string],
): Promise<readonly string[]> {
  const found = (["queued", "running"] as const).map((status) =>
    store.findParts(executions.all(owner), WithId, {
      where: [where, ["status", status]],
      orderBy: [],
      limit: executionsMax,
      outOfTurn: true,
    }),
  );
  return (await allInOrder(found)).flat().map(({ id }) => id);
}
