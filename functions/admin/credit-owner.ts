/** Credits an owner, in our names and in those of the public API. */
import * as z from "zod";
import { usd } from "#shared/contract/common";
import { Dollars } from "#shared/contract/limit-amount";
import { microusd } from "#shared/core/money/pricing";
import { orderRoute } from "./order-route.ts";

/** US dollars: at least one cent, and less than what could only be a typing error. */
const Credit = z.object({
  amount: Dollars.min(0.01).max(1_000_000),
  description: z.string().max(500).default("Credit by an operator"),
});

function creditOf({ amount, description }: z.output<typeof Credit>) {
  return { type: "credit" as const, amountMicrousd: microusd(amount), description };
}

const credited = { success: z.literal(true), userId: z.string(), addedAmount: z.number() };

export const creditOwner = orderRoute({
  endpoint: "POST /v1/admin/users/:userId/credit",
  summary: "Add money to an owner's account; an Idempotency-Key makes repeating it harmless.",
  body: Credit,
  orderOf: creditOf,
  reply: z.object({ ...credited, amount: z.number(), newBalance: z.number() }),
  replyOf: ({ amount }, { account, ownerId }) => ({
    success: true,
    userId: ownerId,
    amount,
    addedAmount: amount,
    newBalance: usd(account.balanceMicrousd),
  }),
});

export const addCredits = orderRoute({
  endpoint: "POST /v1/billing/admin/:userId/credits",
  summary: "The same, in the public API's form.",
  body: Credit,
  orderOf: creditOf,
  reply: z.object({ ...credited, newBalance: z.number(), totalSpent: z.number() }),
  replyOf: ({ amount }, { account, ownerId }) => ({
    success: true,
    userId: ownerId,
    addedAmount: amount,
    newBalance: usd(account.balanceMicrousd),
    totalSpent: usd(account.spentMicrousd),
  }),
});

export const topUp = orderRoute({
  endpoint: "POST /v1/billing/admin/:userId/top-up",
  summary: "The same, as the public API's top-up: there is one balance for both.",
  body: Credit,
  orderOf: creditOf,
  reply: z.object({ ...credited, topUpBalance: z.number(), topUpTotalPurchased: z.number() }),
  replyOf: ({ amount }, { account, ownerId }) => ({
    success: true,
    userId: ownerId,
    addedAmount: amount,
    topUpBalance: usd(account.balanceMicrousd),
    topUpTotalPurchased: usd(account.balanceMicrousd + account.spentMicrousd),
  }),
});

export const adjustOwner = orderRoute({
  endpoint: "POST /v1/admin/users/:userId/adjustments",
  summary: "Correct an account by an amount, below zero too, but never below what is held.",
  body: z.object({
    amount: Dollars.min(-1_000_000)
      .max(1_000_000)
      .refine((amount) => amount !== 0, "must not be zero"),
    description: z.string().min(1).max(500),
  }),
  orderOf: ({ amount, description }) => ({
    type: "adjustment",
    amountMicrousd: microusd(amount),
    description,
  }),
  reply: z.object({ ...credited, newBalance: z.number() }),
  replyOf: ({ amount }, { account, ownerId }) => ({
    success: true,
    userId: ownerId,
    addedAmount: amount,
    newBalance: usd(account.balanceMicrousd),
  }),
});
