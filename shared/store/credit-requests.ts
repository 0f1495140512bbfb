import * as z from "zod";
import { ownedCollection } from "./documents.ts";

/** A request to move more money than one operator may; it waits for a second operator. */
export const CreditRequest = z.object({
  v: z.literal(1),
  id: z.string(),
  type: z.enum(["credit", "adjustment"]),
  amountMicrousd: z.int(),
  description: z.string(),
  /** An expired request still says `pending`, but can't be confirmed any more. */
  state: z.enum(["pending", "confirmed", "declined"]),
  requestedBy: z.string(),
  requestedAt: z.int(),
  expiresAt: z.int(),
  decidedBy: z.string().nullable(),
  decidedAt: z.int().nullable(),
});
export type CreditRequest = z.infer<typeof CreditRequest>;

export const creditRequests = ownedCollection(["creditRequests"], CreditRequest);
