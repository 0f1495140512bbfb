import * as z from "zod";
import { noParams, noQuery } from "#shared/contract/common";
import { jsonBytesMax, route } from "#shared/pipeline/route";
import { makeOperator, OperatorBody, OperatorName, readFutureOperator } from "./operator-body.ts";

export const createOperator = route({
  answers: "POST /v1/admin/operators",
  summary: "Make another person an operator, by the address of their Google identity.",
  authenticate: "operator",
  scope: "none",
  params: noParams,
  query: noQuery,
  body: OperatorName,
  bodyBytesMax: jsonBytesMax,
  limits: "writes",
  budget: "free",
  audit: "operator.created",
  reply: { 201: z.object({ operator: OperatorBody }) },
  read: async ({ body, deps }) => await readFutureOperator(deps, body.email),
  decide({ caller, body: { email }, data: { snapshot }, ids, now }) {
    const message = "This person is an operator.";
    return makeOperator(snapshot, { email, createdBy: caller.id }, { ids, now, message });
  },
});
