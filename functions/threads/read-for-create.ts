import { deploymentLimits } from "#shared/config";
import type { ThreadCreate } from "#shared/contract/thread";
import { ticketRandomBytes } from "#shared/core/executions/ticket";
import type { Counted } from "#shared/core/limits/owned-count";
import { existing, existingEnvironment } from "#shared/environments/body-ids";
import { findDefault } from "#shared/environments/default-environment";
import { allInOrder } from "#shared/errors/all-in-order";
import { ApiError } from "#shared/errors/api-error";
import { requestDigest } from "#shared/executions/request-digest";
import type { Owner } from "#shared/identity/owner";
import type { Callers, ReadContext } from "#shared/pipeline/route";
import { countOwned, countOwnedIfRepeated, requireRoomFor } from "#shared/quotas/owned-resources";
import { agents } from "#shared/store/agents";
import { environments } from "#shared/store/environments";
import { deletedExecutions, executions } from "#shared/store/executions";
import { schedules } from "#shared/store/schedules";
import type { ReadStore } from "#shared/store/store";
import { readEarlierThread, usedForDeleted } from "./earlier-thread.ts";
import { requireMaySchedule } from "./schedule-with-thread.ts";

type Context = ReadContext<"api-key", unknown, unknown, ThreadCreate> & {
  readonly caller: Callers["api-key"];
};

/** Reads what a new thread depends on. An id in the body must name something of the owner's. */
export async function readForCreate({ caller, body, ids, repeated, deps, now }: Context) {
  requireMaySchedule(caller, body);
  const { owner } = caller;
  const { store } = deps;
  const threadId = ids.ofRequest("thread");
  const repeatableId = ids.ofRequest("execution");
  const executionId = repeatableId ?? ids.next("execution");
  const environmentId = body.environmentId ?? body.computerId;
  const scheduleId = ids.ofRequest("schedule");
  const [known, agent, found, earlier, countedSchedules] = await allInOrder([
    countOwnedIfRepeated(store, owner, { kind: "threads", repeated }),
    existing("agent", body.agentId, async (id) => await store.get(agents.of(owner, id))),
    environmentId === undefined
      ? findDefault(store, owner, now)
      : existingEnvironment(environmentId, (id) => store.get(environments.of(owner, id))),
    threadId === null ? null : readEarlier(store, owner, { threadId, executionId, scheduleId }),
    body.schedule ? countOwnedIfRepeated(store, owner, { kind: "schedules", repeated }) : null,
  ]);
  const counted = known ?? ("missing" in found ? await countBeforeDefault(store, owner) : null);
  const request = meaningOf(body);
  return {
    threadId,
    executionId,
    scheduleId,
    countedSchedules,
    counted,
    agent,
    found,
    request,
    requestSha256: requestDigest(request),
    earlier,
    // A thread that was deleted was refused already.
    wasDeleted: false,
    ticketSecret: deps.random(ticketRandomBytes).toString("hex"),
  };
}

/** What an earlier request with the same Idempotency-Key made. */
async function readEarlier(
  store: ReadStore,
  owner: Owner,
  {
    threadId,
    executionId,
    scheduleId,
  }: {
    readonly threadId: string;
    readonly executionId: string;
    readonly scheduleId: string | null;
  },
) {
  const [earlier, execution, deleted, schedule] = await allInOrder([
    readEarlierThread(store, owner, threadId),
    store.get(executions.of(owner, executionId)),
    store.get(deletedExecutions.of(owner, executionId)),
    scheduleId === null ? null : store.get(schedules.of(owner, scheduleId)),
  ]);
  if (!earlier && deleted.value) throw usedForDeleted();
  // Another route's request had it.
  if (!earlier && execution.value) throw new ApiError("IDEMPOTENCY_CONFLICT");
  return earlier
    ? { ...earlier, execution: execution.value, schedule: schedule?.value ?? null }
    : null;
}

/** The request's meaning: older names and the form of the answer don't count. */
function meaningOf({ computerId, content, task, stream, ...rest }: ThreadCreate) {
  const environmentId = rest.environmentId ?? computerId;
  return ["thread", { ...rest, environmentId, content: content ?? task }];
}

/**
 * Counts the threads of an account whose default environment is missing, so that no key pair is
 * made for a thread that has no room.
 */
async function countBeforeDefault(store: ReadStore, owner: Owner): Promise<Counted | null> {
  const counted = await countOwned(store, owner, "threads");
  requireRoomFor("threads", counted, deploymentLimits().quotas);
  return counted;
}
