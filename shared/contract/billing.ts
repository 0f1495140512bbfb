/** Balance and caps in the shape of the public API's `/billing/*`; amounts are US dollars. */
import * as z from "zod";
import { BudgetStatus } from "./budget.ts";

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
