import * as z from "zod";
import { noParams, noQuery, ok } from "#shared/contract/common";
import { jsonBytesMax, route } from "#shared/pipeline/route";
import { patch } from "#shared/store/documents";
import { OperatorBody, OperatorName, readNamedOperator } from "./operator-body.ts";

export const removeOperator = route({
  answers: "POST /v1/admin/operators/remove",
  summary: "Take the right of an operator away: from the answer on it may do nothing here.",
  authenticate: "operator",
  scope: "none",
  params: noParams,
  query: noQuery,
  body: OperatorName,
  bodyBytesMax: jsonBytesMax,
  limits: "writes",
  budget: "free",
  audit: "operator.removed",
  reply: { 200: z.object({ operator: OperatorBody }) },
  read: async ({ body, deps }) => await readNamedOperator(deps, body),
  decide({ data: { owner, ref, version, value }, now }) {
    const writes = [patch(ref, { removedAt: now }, { version })];
    const reply = ok({ operator: { id: value.id, email: value.email } });
    return { writes, owner, subject: value.id, reply };
  },
});
