import * as z from "zod";
import { iso, noParams, ok, usd } from "#shared/contract/common";
import { spendingCaps } from "#shared/core/money/account";
import { ownedRead } from "#shared/pipeline/owned-route";
import { query } from "#shared/pipeline/route";
import { accountId, accounts } from "#shared/store/owners";

export const getAccount = query({
  endpoint: "GET /v1/billing/account",
  summary: "The account of the caller's key.",
  ...ownedRead("billing:read"),
  params: noParams,
  reply: {
    200: z.object({
      account: z.object({
        apiKeyId: z.string(),
        userId: z.string(),
        type: z.literal("standard"),
        status: z.enum(["active", "suspended"]),
        monthlyBudget: z.number().nullable(),
        currentBalance: z.number(),
        billingEmail: z.null(),
        createdAt: z.string(),
      }),
    }),
  },
  read: async ({ caller, deps }) => await deps.store.require(accounts.of(caller.owner, accountId)),
  answer({ caller, data: { value } }) {
    const { balanceMicrousd, createdAt } = value;
    const { monthlyMicrousd } = spendingCaps(value);
    const account = {
      apiKeyId: caller.id,
      userId: caller.owner.id,
      type: "standard" as const,
      status: caller.key.ownerState,
      monthlyBudget: monthlyMicrousd === null ? null : usd(monthlyMicrousd),
      currentBalance: usd(balanceMicrousd),
      billingEmail: null,
      createdAt: iso(createdAt),
    };
    return ok({ account });
  },
});
