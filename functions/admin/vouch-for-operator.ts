import * as z from "zod";
import { noParams, noQuery, ok } from "#shared/contract/common";
import { ApiError } from "#shared/errors/api-error";
import { areIndependent, readOperatorsBehind } from "#shared/identity/independent-operators";
import { operatorsTrail } from "#shared/identity/owner";
import { change, jsonBytesMax } from "#shared/pipeline/route";
import { patch } from "#shared/store/documents";
import { OperatorBody, OperatorName, readNamedOperator } from "./operator-body.ts";

export const vouchForOperator = change({
  endpoint: "POST /v1/admin/operators/vouch",
  summary: "Say that an operator whom another one made is another person, who may confirm money.",
  authenticate: "operator",
  scope: "none",
  params: noParams,
  query: noQuery,
  body: OperatorName,
  bodyBytesMax: jsonBytesMax,
  requestClass: "writes",
  beforeConfirmed: "reads",
  account: "none",
  audit: "operator.vouched",
  reply: { 200: z.object({ operator: OperatorBody }) },
  read: async ({ caller, body, deps }) => {
    const named = await readNamedOperator(deps, body);
    const both = [caller.id, named.value.id];
    return { named, known: await readOperatorsBehind(deps.store, both) };
  },
  actsOn: () => operatorsTrail(),
  decide({ caller, data: { named, known } }) {
    const { ref, version, value } = named;
    const reply = ok({ operator: { id: value.id, email: value.email } });
    if (value.vouchedBy !== null) return { writes: [], reply };
    if (!areIndependent(known, caller.id, value.id)) {
      const message = "As far as the record shows, you and this operator may be one person.";
      throw new ApiError("FORBIDDEN", { message });
    }
    const writes = [patch(ref, { vouchedBy: caller.id }, { version })];
    return { writes, subject: value.id, reply };
  },
});
