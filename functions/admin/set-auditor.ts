import * as z from "zod";
import { noParams, noQuery, ok } from "#shared/contract/common";
import { exactObject } from "#shared/contract/exact";
import { ApiError } from "#shared/errors/api-error";
import { areIndependent, readOperatorsBehind } from "#shared/identity/independent-operators";
import { operatorsTrail } from "#shared/identity/owner";
import { change, jsonBytesMax } from "#shared/pipeline/route";
import { patch } from "#shared/store/documents";
import { OperatorBody, OperatorName, readNamedOperator } from "./operator-body.ts";

export const setAuditor = change({
  endpoint: "POST /v1/admin/operators/auditor",
  summary: "Say whether another operator may search the log of requests.",
  authenticate: "operator",
  scope: "none",
  params: noParams,
  query: noQuery,
  body: exactObject({ ...OperatorName.shape, isAuditor: z.boolean() }),
  bodyBytesMax: jsonBytesMax,
  requestClass: "writes",
  beforeConfirmed: "reads",
  account: "none",
  audit: "operator.auditor_set",
  refusals: ["FORBIDDEN"],
  reply: { 200: z.object({ operator: OperatorBody.extend({ isAuditor: z.boolean() }) }) },
  read: async ({ caller, body, deps }) => {
    const named = await readNamedOperator(deps, body);
    return { named, known: await readOperatorsBehind(deps.store, [caller.id, named.value.id]) };
  },
  actsOn: () => operatorsTrail(),
  /** @throws {ApiError} `FORBIDDEN` for oneself, or who may be oneself: it takes two people. */
  decide({ caller, body: { isAuditor }, data: { named, known } }) {
    const { ref, version, value } = named;
    const { id, email } = value;
    if (isAuditor && !areIndependent(known, caller.id, id)) {
      const message = "As far as the record shows, you and this operator may be one person.";
      throw new ApiError("FORBIDDEN", { message });
    }
    return {
      writes: [patch(ref, { isAuditor }, { version })],
      subject: id,
      facts: { isAuditor },
      reply: ok({ operator: { id, email, isAuditor } }),
    };
  },
});
