import * as z from "zod";
import { noParams, noQuery } from "#shared/contract/common";
import { operatorsTrail } from "#shared/identity/owner";
import { change, jsonBytesMax } from "#shared/pipeline/route";
import { makeOperator, OperatorBody, OperatorName, readFutureOperator } from "./operator-body.ts";

export const createOperator = change({
  endpoint: "POST /v1/admin/operators",
  summary: "Make another person an operator, by the address of their Google identity.",
  authenticate: "operator",
  scope: "none",
  params: noParams,
  query: noQuery,
  body: OperatorName,
  bodyBytesMax: jsonBytesMax,
  requestClass: "writes",
  beforeConfirmed: "reads",
  account: "none",
  audit: "operator.created",
  refusals: ["CONFLICT"],
  reply: { 201: z.object({ operator: OperatorBody }) },
  read: async ({ body, deps }) => await readFutureOperator(deps, body.email),
  actsOn: () => operatorsTrail(),
  decide({ caller, body: { email }, data: snapshot, ids, now }) {
    const message = "This person is an operator.";
    return makeOperator(snapshot, { email, createdBy: caller.id }, { ids, now, message });
  },
});
