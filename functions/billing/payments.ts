/**
 * The public API's routes for payments. Nobody can add money to their own account here: a
 * deployment takes no payments, and its operators credit accounts (`docs/compatibility.md`).
 */
import * as z from "zod";
import { noParams, ok } from "#shared/contract/common";
import { ApiError } from "#shared/errors/api-error";
import { ownedRead } from "#shared/pipeline/owned-route";
import { jsonBytesMax, query } from "#shared/pipeline/route";

const readsNothing = {
  ...ownedRead("billing:read"),
  params: noParams,
  read: "nothing",
} as const;

const refuses = {
  ...readsNothing,
  bodyBytesMax: jsonBytesMax,
  requestClass: "writes",
  refusals: ["PAYMENTS_NOT_OFFERED"],
  reply: {},
  answer: (): never => {
    throw new ApiError("PAYMENTS_NOT_OFFERED");
  },
} as const;

const Increase = z.object({
  amount: z.number().positive(),
  description: z.string().max(500).optional(),
});

export const increaseBudget = query({
  ...refuses,
  endpoint: "POST /v1/budget/increase",
  summary: "Refused: an operator credits accounts.",
  body: Increase,
});

export const increaseBillingBudget = query({
  ...refuses,
  endpoint: "POST /v1/billing/budget/increase",
  summary: "Refused: an operator credits accounts.",
  body: Increase,
});

export const createCheckout = query({
  ...refuses,
  endpoint: "POST /v1/budget/checkout",
  summary: "Refused: this deployment takes no payments.",
  body: z.object({ variantId: z.string().min(1).max(200) }),
});

export const listTopUpOptions = query({
  ...readsNothing,
  endpoint: "GET /v1/budget/topup-options",
  summary: "An empty list: credit can't be bought, because an operator credits accounts.",
  reply: { 200: z.object({ options: z.array(z.never()) }) },
  answer: () => ok({ options: [] }),
});

export const getPaymentStatus = query({
  ...readsNothing,
  endpoint: "GET /v1/budget/payment-status",
  summary: "Says that no payments are configured.",
  reply: { 200: z.object({ configured: z.literal(false), pendingPayments: z.literal(0) }) },
  answer: () => ok({ configured: false, pendingPayments: 0 }),
});

export const recordMcpUsage = query({
  ...readsNothing,
  endpoint: "POST /v1/billing/mcp-usage",
  summary: "Records nothing, because usage that a client reports is never charged.",
  body: z.object({
    serverType: z.enum(["deep_research", "nano_banana"]),
    referenceId: z.string().max(200).optional(),
    metadata: z.record(z.string(), z.unknown()).optional(),
  }),
  bodyBytesMax: jsonBytesMax,
  requestClass: "writes",
  reply: { 200: z.object({ recorded: z.literal(false), amount: z.literal(0) }) },
  answer: () => ok({ recorded: false, amount: 0 }),
});
