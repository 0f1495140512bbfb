import { change } from "#shared/pipeline/route";
import { replace } from "#shared/store/documents";
import {
  creditDecision,
  creditReply,
  readCreditRequest,
  requirePending,
  withDecision,
} from "./credit-decision.ts";

export const declineCredit = change({
  ...creditDecision,
  endpoint: "POST /v1/admin/users/:userId/credit-requests/:requestId/decline",
  summary: "Refuse what another operator asked for, or withdraw what one asked for oneself.",
  audit: "budget.credit_declined",
  read: readCreditRequest,
  actsOn: ({ owner }) => owner,
  decide({ caller, data: { owner, request }, now }) {
    const { value } = request;
    if (value.state === "declined" && value.decidedBy === caller.id) {
      return { writes: [], reply: creditReply(value, owner, now) };
    }
    requirePending(value, now);
    const declined = withDecision(value, "declined", { operatorId: caller.id, now });
    return {
      writes: [replace(request.ref, request.version, declined)],
      subject: value.id,
      facts: { type: value.type, amountMicrousd: value.amountMicrousd },
      reply: creditReply(declined, owner, now),
    };
  },
});
