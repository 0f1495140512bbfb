import * as z from "zod";
import { noParams, noQuery } from "#shared/contract/common";
import { requireOperator, stillOperator } from "#shared/identity/operators";
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
  limits: "writes",
  beforeConfirmed: "reads",
  budget: "free",
  audit: "operator.created",
  reply: { 201: z.object({ operator: OperatorBody }) },
  read: async ({ caller, body, deps }) => {
    const [snapshot, acting] = await Promise.all([
      readFutureOperator(deps, body.email),
      requireOperator(deps.store, caller.email),
    ]);
    return { snapshot, acting };
  },
  actsOn: () => operatorsTrail(),
  decide({ caller, body: { email }, data: { snapshot, acting }, ids, now }) {
    const message = "This person is an operator.";
    const made = { email, createdBy: caller.id };
    const decided = makeOperator(snapshot, made, { ids, now, message });
    return { ...decided, writes: [...decided.writes, stillOperator(acting)] };
  },
});
