import * as z from "zod";
import { created, noParams, noQuery } from "#shared/contract/common";
import { ApiError } from "#shared/errors/api-error";
import { operatorRef } from "#shared/identity/operators";
import { operatorsTrail } from "#shared/identity/owner";
import { jsonBytesMax, route } from "#shared/pipeline/route";
import { create } from "#shared/store/documents";

export const createFirstOperator = route({
  answers: "POST /v1/admin/operators/first",
  summary: "The person whom the deployment names becomes its first operator, once (KEY-9).",
  authenticate: "first-operator",
  scope: "none",
  params: noParams,
  query: noQuery,
  body: "none",
  bodyBytesMax: jsonBytesMax,
  limits: "writes",
  budget: "free",
  audit: "operator.created",
  reply: { 201: z.object({ operator: z.object({ id: z.string(), email: z.string() }) }) },
  read: async ({ caller, deps }) => {
    const { ref, value } = await deps.store.get(operatorRef(caller.email));
    return { owner: operatorsTrail(), ref, exists: value !== null };
  },
  decide({ caller, data, ids, now }) {
    if (data.exists)
      throw new ApiError("CONFLICT", { message: "The first operator exists already." });
    const id = ids.next("operator");
    const operator = {
      v: 1 as const,
      id,
      email: caller.email,
      createdBy: "deployment",
      createdAt: now,
    };
    const reply = created({ operator: { id, email: caller.email } });
    return { writes: [create(data.ref, operator)], owner: data.owner, subject: id, reply };
  },
});
