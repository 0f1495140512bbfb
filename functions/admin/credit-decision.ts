/** What confirming and declining another operator's request for money have in common. */
import * as z from "zod";
import { noQuery, ok } from "#shared/contract/common";
import { idSchema } from "#shared/core/ids";
import { ApiError } from "#shared/errors/api-error";
import type { Owner } from "#shared/identity/owner";
import { existingOwner } from "#shared/owners/act-on-owner";
import { jsonBytesMax, type ReadDeps } from "#shared/pipeline/route";
import { type CreditRequest, creditRequests } from "#shared/store/credit-requests";
import type { FoundDocument } from "#shared/store/read-document";
import { CreditRequestBody, creditRequestBody } from "./credit-request-body.ts";

export const creditDecision = {
  authenticate: "operator",
  scope: "none",
  params: z.object({ userId: idSchema("owner"), requestId: idSchema("creditRequest") }),
  query: noQuery,
  body: "none",
  bodyBytesMax: jsonBytesMax,
  requestClass: "writes",
  beforeConfirmed: "reads",
  account: "credit",
  refusals: ["CONFLICT", "ADJUSTMENT_TOO_LARGE"],
  reply: { 200: z.object({ request: CreditRequestBody }) },
} as const;

interface CreditRequestContext {
  readonly params: { readonly userId: string; readonly requestId: string };
  readonly deps: ReadDeps;
}

export interface FoundCreditRequest {
  readonly owner: Owner;
  readonly request: FoundDocument<typeof creditRequests.schema>;
}

/** @throws {ApiError} `NOT_FOUND` if there is no such owner or request. */
export async function readCreditRequest({
  params,
  deps,
}: CreditRequestContext): Promise<FoundCreditRequest> {
  const { owner } = await existingOwner(deps.store, params.userId);
  return { owner, request: await deps.store.require(creditRequests.of(owner, params.requestId)) };
}

/** The answer that shows the request as it is now. */
export function creditReply(request: CreditRequest, owner: Owner, now: number) {
  return ok({ request: creditRequestBody(request, owner.id, now) });
}

/** The request as it is stored once an operator has decided on it. */
export function withDecision(
  request: CreditRequest,
  state: "confirmed" | "declined",
  decision: { readonly operatorId: string; readonly now: number },
): CreditRequest {
  return { ...request, state, decidedBy: decision.operatorId, decidedAt: decision.now };
}

/** @throws {ApiError} `CONFLICT` if the request was decided or has expired. */
export function requirePending(request: CreditRequest, now: number): void {
  const { state, expiresAt } = request;
  if (state !== "pending") {
    throw new ApiError("CONFLICT", { message: `This request has been ${state} already.` });
  }
  if (expiresAt > now) return;
  throw new ApiError("CONFLICT", { message: "This request has expired; ask for the money again." });
}
