import * as z from "zod";
import { noParams, noQuery } from "#shared/contract/common";
import { operatorsTrail } from "#shared/identity/owner";
import { change, jsonBytesMax } from "#shared/pipeline/route";
import { makeOperator, OperatorBody, readFutureOperator } from "./operator-body.ts";

export const createFirstOperator = change({
  endpoint: "POST /v1/admin/operators/first",
  summary:
    "The person whom the deployment names becomes an operator, also after a removal (KEY-9).",
  authenticate: "first-operator",
  scope: "none",
  params: noParams,
  query: noQuery,
  body: "none",
  bodyBytesMax: jsonBytesMax,
  requestClass: "writes",
  beforeConfirmed: "reads",
  account: "none",
  audit: "operator.created",
  refusals: ["CONFLICT"],
  reply: { 201: z.object({ operator: OperatorBody }) },
  read: async ({ caller, deps }) => await readFutureOperator(deps, caller.email),
  actsOn: () => operatorsTrail(),
  decide({ caller: { email }, data: snapshot, ids, now }) {
    const message = "The first operator exists already.";
    return makeOperator(snapshot, { email, createdBy: "deployment" }, { ids, now, message });
  },
});
