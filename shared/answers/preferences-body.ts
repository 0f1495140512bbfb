import type * as z from "zod";
import type { Preferences } from "../contract/billing.ts";
import type { Account } from "../core/money/account.ts";
import { budgetStatus } from "./budget-status.ts";

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

/** What of the account can be set, in the form of the billing preferences. */
export function preferencesBody(
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
