import * as z from "zod";
import { noParams, noQuery, ok } from "#shared/contract/common";
import { requireOperator, stillOperator } from "#shared/identity/operators";
import { operatorsTrail } from "#shared/identity/owner";
import { change, jsonBytesMax } from "#shared/pipeline/route";
import { patch } from "#shared/store/documents";
import { OperatorBody, OperatorName, readNamedOperator } from "./operator-body.ts";

export const removeOperator = change({
  endpoint: "POST /v1/admin/operators/remove",
  summary: "Take the right of an operator away: from the answer on it may do nothing here.",
  authenticate: "operator",
  scope: "none",
  params: noParams,
  query: noQuery,
  body: OperatorName,
  bodyBytesMax: jsonBytesMax,
  limits: "writes",
  beforeConfirmed: "reads",
  budget: "free",
  audit: "operator.removed",
  reply: { 200: z.object({ operator: OperatorBody }) },
  read: async ({ caller, body, deps }) => {
    const [named, acting] = await Promise.all([
      readNamedOperator(deps, body),
      requireOperator(deps.store, caller.email),
    ]);
    return { named, acting };
  },
  actsOn: () => operatorsTrail(),
  decide({ data: { named, acting }, now }) {
    const { ref, version, value } = named;
    // One that removes itself is named by its version already.
    const still = ref.path === acting.ref.path ? [] : [stillOperator(acting)];
    const writes = [patch(ref, { removedAt: now }, { version }), ...still];
    const reply = ok({ operator: { id: value.id, email: value.email } });
    return { writes, subject: value.id, reply };
  },
});
