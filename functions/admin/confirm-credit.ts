import { derivedId } from "#shared/core/ids";
import { ApiError } from "#shared/errors/api-error";
import {
  areIndependent,
  type Operators,
  readOperatorsBehind,
} from "#shared/identity/independent-operators";
import { change } from "#shared/pipeline/route";
import type { CreditRequest } from "#shared/store/credit-requests";
import { replace } from "#shared/store/documents";
import {
  creditDecision,
  creditReply,
  readCreditRequest,
  requirePending,
  withDecision,
} from "./credit-decision.ts";
import { post } from "./operator-credit.ts";

export const confirmCredit = change({
  ...creditDecision,
  endpoint: "POST /v1/admin/users/:userId/credit-requests/:requestId/confirm",
  summary:
    "Move the money that another operator asked for; who asked can't confirm, nor whom one of the two made.",
  audit: "budget.credit_confirmed",
  read: async (context) => {
    const { caller, deps } = context;
    const found = await readCreditRequest(context);
    const both = [found.request.value.requestedBy, caller.id];
    return { ...found, known: await readOperatorsBehind(deps.store, both) };
  },
  actsOn: ({ owner }) => owner,
  decide({ caller, data, account, now }) {
    if (!account) throw new ApiError("NOT_FOUND");
    const { owner, request, known } = data;
    const { value } = request;
    if (value.state === "confirmed" && value.decidedBy === caller.id) {
      return { writes: [], reply: creditReply(value, owner, now) };
    }
    requirePending(value, now);
    requireSecondPerson(value, caller, known);
    const id = derivedId("ledgerEntry", owner.id, "request", value.id);
    const posted = post(owner, value, { id, account, now });
    const confirmed = withDecision(value, "confirmed", { operatorId: caller.id, now });
    return {
      writes: [replace(request.ref, request.version, confirmed), ...posted.writes],
      account: posted.account,
      subject: value.id,
      facts: {
        type: value.type,
        amountMicrousd: value.amountMicrousd,
        requestedBy: value.requestedBy,
        ledgerEntry: id,
      },
      reply: creditReply(confirmed, owner, now),
    };
  },
});

/** Anybody whom the requester can have made might be the requester under a second name. */
function requireSecondPerson(
  request: CreditRequest,
  operator: { readonly id: string; readonly createdAt: number },
  known: Operators,
): void {
  if (request.requestedBy === operator.id) {
    throw new ApiError("FORBIDDEN", { message: "Who asked for the money can't confirm it." });
  }
  if (operator.createdAt >= request.requestedAt) {
    const message = "Only an operator from before the request can confirm it.";
    throw new ApiError("FORBIDDEN", { message });
  }
  if (areIndependent(known, request.requestedBy, operator.id)) return;
  const message = "As far as the record shows, you and the one who asked may be one person.";
  throw new ApiError("FORBIDDEN", { message });
}
