import * as z from "zod";
import { iso, isoOrNull, usd } from "#shared/contract/common";
import type { CreditRequest } from "#shared/store/credit-requests";

export const CreditRequestBody = z.object({
  id: z.string(),
  userId: z.string(),
  type: z.enum(["credit", "adjustment"]),
  amount: z.number(),
  description: z.string(),
  state: z.enum(["pending", "confirmed", "declined", "expired"]),
  /** Ids of operators. */
  requestedBy: z.string(),
  requestedAt: z.string(),
  expiresAt: z.string(),
  decidedBy: z.string().nullable(),
  decidedAt: z.string().nullable(),
});

export function creditRequestBody(
  request: CreditRequest,
  ownerId: string,
  now: number,
): z.input<typeof CreditRequestBody> {
  const { id, type, description, requestedBy, decidedBy } = request;
  const isExpired = request.state === "pending" && request.expiresAt <= now;
  return {
    id,
    userId: ownerId,
    type,
    amount: usd(request.amountMicrousd),
    description,
    state: isExpired ? "expired" : request.state,
    requestedBy,
    requestedAt: iso(request.requestedAt),
    expiresAt: iso(request.expiresAt),
    decidedBy,
    decidedAt: isoOrNull(request.decidedAt),
  };
}
