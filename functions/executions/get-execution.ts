import * as z from "zod";
import { executionBody } from "#shared/answers/execution-body";
import { ok } from "#shared/contract/common";
import { ExecutionBody } from "#shared/contract/execution";
import { idSchema } from "#shared/core/ids";
import { requireShown } from "#shared/executions/shown-execution";
import { endOverdue } from "#shared/executions/sweep";
import { ownedRead } from "#shared/pipeline/owned-route";
import { action } from "#shared/pipeline/route";

export const getExecution = action({
  endpoint: "GET /v1/executions/:executionId",
  summary: "Get an execution: its state, its cost, and the duration of each step.",
  ...ownedRead("threads:read"),
  params: z.object({ executionId: idSchema("execution") }),
  neededToClose: true,
  reply: { 200: z.object({ execution: ExecutionBody }) },
  beforeConfirmed: "reads",
  read: async ({ caller: { owner }, params: { executionId }, deps }) =>
    await requireShown(deps.store, owner, executionId),
  perform: async ({ data: found, deps }) => {
    const isEnded = await endOverdue(deps, found);
    const { value } = isEnded ? await deps.store.require(found.ref) : found;
    return ok({ execution: executionBody(value) });
  },
});
