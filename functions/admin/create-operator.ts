import * as z from "zod";
import { created, noParams, noQuery } from "#shared/contract/common";
import { ApiError } from "#shared/errors/api-error";
import { operatorRef } from "#shared/identity/operators";
import { operatorsTrail } from "#shared/identity/owner";
import { jsonBytesMax, route } from "#shared/pipeline/route";
import { create } from "#shared/store/documents";

export const createOperator = route({
  answers: "POST /v1/admin/operators",
  summary: "Make another person an operator, by the address of their Google identity.",
  authenticate: "operator",
  scope: "none",
  params: noParams,
  query: noQuery,
  body: z.object({ email: z.email().max(320) }),
  bodyBytesMax: jsonBytesMax,
  limits: "writes",
  budget: "free",
  audit: "operator.created",
  reply: { 201: z.object({ operator: z.object({ id: z.string(), email: z.string() }) }) },
  read: async ({ body, deps }) => {
    const { ref, value } = await deps.store.get(operatorRef(body.email));
    return { owner: operatorsTrail(), ref, exists: value !== null };
  },
  decide({ caller, body: { email }, data, ids, now }) {
    if (data.exists) throw new ApiError("CONFLICT", { message: "This person is an operator." });
    const id = ids.next("operator");
    const operator = { v: 1 as const, id, email, createdBy: caller.id, createdAt: now };
    const reply = created({ operator: { id, email } });
    return { writes: [create(data.ref, operator)], owner: data.owner, subject: id, reply };
  },
});
