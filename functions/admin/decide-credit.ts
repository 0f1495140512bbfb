/** A second operator confirms or declines money beyond what one may move alone. */
import * as z from "zod";
import { noQuery, ok } from "#shared/contract/common";
import { derivedId, idSchema } from "#shared/core/ids";
import { ApiError } from "#shared/errors/api-error";
import {
  areIndependent,
  type Operators,
  readOperators,
} from "#shared/identity/independent-operators";
import { operatorRef } from "#shared/identity/operators";
import { existingOwner } from "#shared/owners/act-on-owner";
import { change, jsonBytesMax, type ReadDeps } from "#shared/pipeline/route";
import { type CreditRequest, creditRequests } from "#shared/store/credit-requests";
import { replace } from "#shared/store/documents";
import { CreditRequestBody, creditRequestBody } from "./credit-request-body.ts";
import { post } from "./operator-credit.ts";

const decides = {
  authenticate: "operator",
  scope: "none",
  params: z.object({ userId: idSchema("owner"), requestId: idSchema("creditRequest") }),
  query: noQuery,
  body: "none",
  bodyBytesMax: jsonBytesMax,
  limits: "writes",
  beforeConfirmed: "reads",
  budget: "credit",
  reply: { 200: z.object({ request: CreditRequestBody }) },
} as const;

interface CreditRequestContext {
  readonly params: { readonly userId: string; readonly requestId: string };
  readonly caller: { readonly email: string };
  readonly deps: ReadDeps;
}

async function readRequest({ params, caller, deps }: CreditRequestContext) {
  const { owner } = await existingOwner(deps.store, params.userId);
  const [request, operator, all] = await Promise.all([
    deps.store.require(creditRequests.of(owner, params.requestId)),
    deps.store.require(operatorRef(caller.email)),
    readOperators(deps.store),
  ]);
  return { owner, request, operator: operator.value, all };
}

export const confirmCredit = change({
  ...decides,
  endpoint: "POST /v1/admin/users/:userId/credit-requests/:requestId/confirm",
  summary:
    "Move the money that another operator asked for; who asked can't confirm, nor whom one of the two made.",
  audit: "budget.credit_confirmed",
  read: async (context) => await readRequest(context),
  actsOn: ({ owner }) => owner,
  decide({ caller, data, account, now }) {
    if (!account) throw new ApiError("NOT_FOUND");
    const { owner, request, operator, all } = data;
    const { value } = request;
    const answer = (shown: CreditRequest) =>
      ok({ request: creditRequestBody(shown, owner.id, now) });
    if (value.state === "confirmed" && value.decidedBy === caller.id) {
      return { writes: [], reply: answer(value) };
    }
    requireOpen(value, now);
    requireSecondPerson(value, operator, all);
    const id = derivedId("ledgerEntry", owner.id, "request", value.id);
    const posted = post(owner, value, { id, account, now });
    const confirmed = decided(value, "confirmed", { id: caller.id, now });
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
      reply: answer(confirmed),
    };
  },
});

export const declineCredit = change({
  ...decides,
  endpoint: "POST /v1/admin/users/:userId/credit-requests/:requestId/decline",
  summary: "Refuse what another operator asked for, or withdraw what one asked for oneself.",
  audit: "budget.credit_declined",
  read: async (context) => await readRequest(context),
  actsOn: ({ owner }) => owner,
  decide({ caller, data: { owner, request }, now }) {
    const { value } = request;
    const answer = (shown: CreditRequest) =>
      ok({ request: creditRequestBody(shown, owner.id, now) });
    if (value.state === "declined" && value.decidedBy === caller.id) {
      return { writes: [], reply: answer(value) };
    }
    requireOpen(value, now);
    const declined = decided(value, "declined", { id: caller.id, now });
    return {
      writes: [replace(request.ref, request.version, declined)],
      subject: value.id,
      facts: { type: value.type, amountMicrousd: value.amountMicrousd },
      reply: answer(declined),
    };
  },
});

function decided(
  request: CreditRequest,
  state: "confirmed" | "declined",
  decision: { readonly id: string; readonly now: number },
): CreditRequest {
  return { ...request, state, decidedBy: decision.id, decidedAt: decision.now };
}

function requireOpen(request: CreditRequest, now: number): void {
  const { state, expiresAt } = request;
  if (state !== "pending") {
    throw new ApiError("CONFLICT", { message: `This request has been ${state} already.` });
  }
  if (expiresAt > now) return;
  throw new ApiError("CONFLICT", { message: "This request has expired; ask for the money again." });
}

/** Anybody that the requester can have made might be the requester's own second self. */
function requireSecondPerson(
  request: CreditRequest,
  operator: { readonly id: string; readonly createdAt: number },
  all: Operators,
): void {
  if (request.requestedBy === operator.id) {
    throw new ApiError("FORBIDDEN", { message: "Who asked for the money can't confirm it." });
  }
  if (operator.createdAt >= request.requestedAt) {
    const message = "Only an operator from before the request can confirm it.";
    throw new ApiError("FORBIDDEN", { message });
  }
  if (areIndependent(all, request.requestedBy, operator.id)) return;
  const message = "As far as the record shows, you and the one who asked may be one person.";
  throw new ApiError("FORBIDDEN", { message });
}
