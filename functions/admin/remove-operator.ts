import { setTimeout as wait } from "node:timers/promises";
import * as z from "zod";
import { noParams, noQuery, ok } from "#shared/contract/common";
import { operatorsTrail } from "#shared/identity/owner";
import { revocationBarrierMs } from "#shared/keys/api-key-cache";
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
  requestClass: "writes",
  beforeConfirmed: "reads",
  account: "none",
  audit: "operator.removed",
  reply: { 200: z.object({ operator: OperatorBody }) },
  read: async ({ body, deps }) => await readNamedOperator(deps, body),
  actsOn: () => operatorsTrail(),
  decide({ data: { ref, version, value }, now }) {
    const writes = [patch(ref, { removedAt: now }, { version })];
    const reply = ok({ operator: { id: value.id, email: value.email } });
    return { writes, subject: value.id, reply };
  },
  // Its changes fail from the commit on; what it reads may have been confirmed a second before.
  promisesAfter: true,
  after: async () => await wait(revocationBarrierMs),
});
