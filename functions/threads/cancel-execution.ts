import * as z from "zod";
import { noQuery, ok } from "#shared/contract/common";
import { idSchema } from "#shared/core/ids";
import { ApiError } from "#shared/errors/api-error";
import { type Cancelled, cancel } from "#shared/executions/cancel";
import { endOverdue } from "#shared/executions/sweep";
import { cancelJob } from "#shared/google/jobs";
import type { Owner } from "#shared/identity/owner";
import { logFailure } from "#shared/pipeline/request-log";
import { change, jsonBytesMax, type ReadDeps } from "#shared/pipeline/route";
import { executions } from "#shared/store/executions";
import type { FoundDocument } from "#shared/store/read-document";
import { threads } from "#shared/store/threads";

export const cancelExecution = change({
  endpoint: "POST /v1/threads/:threadId/cancel",
  summary: "Cancel the thread's execution: at once if it is queued, else when its runner is told.",
  authenticate: "api-key",
  scope: "execute",
  params: z.object({ threadId: idSchema("thread") }),
  query: noQuery,
  body: "none",
  bodyBytesMax: jsonBytesMax,
  requestClass: "writes",
  repeating: "harmless",
  beforeConfirmed: "reads",
  account: "settle",
  audit: "execution.cancelled",
  refusals: ["NO_ACTIVE_EXECUTION"],
  reply: {
    200: z.object({
      success: z.literal(true),
      threadId: z.string(),
      runId: z.string(),
      /** `cancelling` until the runner has settled what it used. */
      status: z.enum(["cancelled", "cancelling"]),
    }),
  },
  read: async ({ caller: { owner }, params: { threadId }, deps }) =>
    await runningOn(deps, owner, threadId),
  prepare: async ({ data, deps }) => ((await endOverdue(deps, data)) ? null : data),
  decide({ caller, params: { threadId }, data, account, request, ids, now }) {
    if (!data || data.value.endedAt !== null) throw new ApiError("NO_ACTIVE_EXECUTION");
    if (!account) throw new ApiError("INTERNAL_ERROR", { cause: "an owner without an account" });
    const { value: execution, version } = data;
    const actor = { type: caller.type, id: caller.id };
    const row = { id: ids.next("auditRow"), requestId: request.id, actor };
    const before = { execution, version, account };
    const cancelled: Cancelled = cancel(caller.owner, before, { row, now });
    const { status } = cancelled;
    return {
      ...cancelled,
      subject: execution.id,
      facts: { status },
      reply: ok({ success: true as const, threadId, runId: execution.id, status }),
      jobExecution: execution.jobExecution,
    };
  },
  // If this fails, the runner learns of it at its next heartbeat.
  after: async ({ decided: { jobExecution } }) => {
    if (jobExecution === null) return;
    await cancelJob(jobExecution).catch((cause: unknown) =>
      logFailure("a job wasn't cancelled; its runner ends it", cause, { jobExecution }),
    );
  },
});

/** The thread's current execution, which may have fallen silent; null if there is none. */
async function runningOn(
  deps: ReadDeps,
  owner: Owner,
  threadId: string,
): Promise<FoundDocument<typeof executions.schema> | null> {
  const { executionId } = (await deps.store.require(threads.of(owner, threadId))).value;
  if (executionId === null) return null;
  return await deps.store.require(executions.of(owner, executionId));
}
