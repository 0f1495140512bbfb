import * as z from "zod";
import { executionBody } from "#shared/answers/execution-body";
import { noQuery, ok } from "#shared/contract/common";
import { ExecutionBody } from "#shared/contract/execution";
import { idSchema } from "#shared/core/ids";
import { isOverdue, sweepIfOverdue } from "#shared/executions/sweep";
import { route } from "#shared/pipeline/route";
import { executions } from "#shared/store/executions";

export const getExecution = route({
  answers: "GET /v1/executions/:executionId",
  summary: "One execution: how far it is, what it cost, and how long each step took.",
  authenticate: "api-key",
  scope: "threads:read",
  params: z.object({ executionId: idSchema("execution") }),
  query: noQuery,
  body: "none",
  bodyBytesMax: 0,
  limits: "reads",
  budget: "free",
  audit: "none",
  reply: { 200: z.object({ execution: ExecutionBody }) },
  read: async ({ caller: { owner }, params: { executionId }, deps, now }) => {
    const ref = executions.of(owner, executionId);
    const { value } = await deps.store.require(ref);
    if (!isOverdue(value, now)) return value;
    await sweepIfOverdue(deps, owner, executionId);
    return (await deps.store.require(ref)).value;
  },
  decide({ data }) {
    return { writes: [], reply: ok({ execution: executionBody(data) }) };
  },
});
