/** Balance and caps in the shape of the public API's `/billing/*`; amounts are US dollars. */
import * as z from "zod";
import { type Account, inPeriod } from "../core/money/account.ts";
import { BudgetStatus, budgetStatus } from "./budget.ts";
import { iso, usd } from "./common.ts";

/** A deployment has no tiers and no subscriptions, and every limit is enforced. */
export const BillingBudget = BudgetStatus.extend({
  userId: z.string(),
  totalSpent: z.number(),
  tier: z.literal("self_hosted"),
  subscriptionStatus: z.literal("none"),
  subscriptionSource: z.literal("none"),
  periodStartDate: z.string(),
  periodEndDate: z.string(),
  currentPeriodUsage: z.number(),
  /** Percentage of the monthly limit that is spent; 0 without one. */
  usagePercentage: z.number(),
  tierQuota: z.literal(0),
  usageBillingEnabled: z.literal(true),
  monthlyResourceSpendLimit: z.number().nullable(),
  pauseOnLimit: z.literal(true),
  resourceEmailAlerts: z.literal(false),
  monthlyResourceSpend: z.number(),
  monthlyMeteredResourceUsage: z.number(),
  createdAt: z.string(),
  updatedAt: z.string(),
});

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

export const Preferences = z.object({
  userId: z.string(),
  billing: z.object({
    usageBillingEnabled: z.literal(true),
    /** The account's monthly limit. */
    monthlyResourceSpendLimit: z.number().nullable(),
    pauseOnLimit: z.literal(true),
    resourceEmailAlerts: z.literal(false),
    /** Our own field: the percentages of the balance and of both limits that raise an alert. */
    alertPercentages: z.array(z.int()),
  }),
  inference: z.object({
    enabled: z.literal(false),
    providerType: z.null(),
    baseUrl: z.null(),
    defaultModel: z.null(),
    availableModels: z.array(z.never()),
    healthStatus: z.null(),
    lastValidatedAt: z.null(),
    lastError: z.null(),
  }),
  usage: z.object({ monthlyResourceSpend: z.number(), monthlyMeteredResourceUsage: z.number() }),
});

const noInference: z.input<typeof Preferences>["inference"] = {
  enabled: false,
  providerType: null,
  baseUrl: null,
  defaultModel: null,
  availableModels: [],
  healthStatus: null,
  lastValidatedAt: null,
  lastError: null,
};

export function preferences(
  account: Account,
  ownerId: string,
  now: number,
): z.input<typeof Preferences> {
  const { monthlyLimit, monthlySpent } = budgetStatus(account, now);
  return {
    userId: ownerId,
    billing: {
      usageBillingEnabled: true,
      monthlyResourceSpendLimit: monthlyLimit,
      pauseOnLimit: true,
      resourceEmailAlerts: false,
      alertPercentages: account.alerts.percents,
    },
    inference: noInference,
    usage: { monthlyResourceSpend: monthlySpent, monthlyMeteredResourceUsage: monthlySpent },
  };
}
