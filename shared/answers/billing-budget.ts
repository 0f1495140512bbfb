import type * as z from "zod";
import type { BillingBudget } from "../contract/billing.ts";
import { iso, usd } from "../contract/common.ts";
import { type Account, inPeriod } from "../core/money/account.ts";
import { budgetStatus } from "./budget-status.ts";

/** The account in the form of `GET /v1/billing/budget`. */
export function billingBudget(
  before: Account,
  ownerId: string,
  now: number,
): z.input<typeof BillingBudget> {
  const account = inPeriod(before, now);
  const status = budgetStatus(account, now);
  const { monthlyLimit, monthlySpent } = status;
  const [year = 0, month = 0] = account.month.key.split("-").map(Number);
  const part = monthlyLimit === null || monthlyLimit === 0 ? 0 : monthlySpent / monthlyLimit;
  return {
    ...status,
    userId: ownerId,
    totalSpent: usd(account.spentMicrousd),
    tier: "self_hosted",
    subscriptionStatus: "none",
    subscriptionSource: "none",
    periodStartDate: iso(Date.UTC(year, month - 1)),
    periodEndDate: iso(Date.UTC(year, month)),
    currentPeriodUsage: monthlySpent,
    usagePercentage: Math.round(part * 10_000) / 100,
    tierQuota: 0,
    usageBillingEnabled: true,
    monthlyResourceSpendLimit: monthlyLimit,
    pauseOnLimit: true,
    resourceEmailAlerts: false,
    monthlyResourceSpend: monthlySpent,
    monthlyMeteredResourceUsage: monthlySpent,
    createdAt: iso(account.createdAt),
    updatedAt: iso(before.updatedAt),
  };
}
