/** Balance, holds, limits and spending of an account. */
import { defaultLimits, type Service } from "#shared/pipeline/service";
import { canExecute } from "./can-execute.ts";
import { estimateCost } from "./estimate-cost.ts";
import { getAccount } from "./get-account.ts";
import { getBillingBudget } from "./get-billing-budget.ts";
import { getBudget } from "./get-budget.ts";
import { getCostBreakdown } from "./get-cost-breakdown.ts";
import { getCostSummary } from "./get-cost-summary.ts";
import { getHistory } from "./get-history.ts";
import { getPreferences } from "./get-preferences.ts";
import { getStats } from "./get-stats.ts";
import { getSummary } from "./get-summary.ts";
import { getTokenPerformance } from "./get-token-performance.ts";
import { getWorkspaceUsage } from "./get-workspace-usage.ts";
import { listDaily } from "./list-daily.ts";
import { listRecords } from "./list-records.ts";
import { listThreadCosts } from "./list-thread-costs.ts";
import { listTransactions } from "./list-transactions.ts";
import { partsNotOffered } from "./parts-not-offered.ts";
import {
  createCheckout,
  getPaymentStatus,
  increaseBillingBudget,
  increaseBudget,
  listTopUpOptions,
  recordMcpUsage,
} from "./payments.ts";
import { setLimits } from "./set-limits.ts";
import { updatePreferences } from "./update-preferences.ts";

export const service: Service = {
  name: "billing",
  summary: "Budget, limits, estimates, billing records and costs",
  visibility: "edge",
  routes: [
    ...[getBudget, canExecute, estimateCost, setLimits, getHistory],
    ...[increaseBudget, createCheckout, listTopUpOptions, getPaymentStatus],
    ...[listRecords, listTransactions, getSummary, listDaily, getStats, getAccount],
    ...[getWorkspaceUsage, getBillingBudget, increaseBillingBudget, recordMcpUsage],
    ...[getPreferences, updatePreferences],
    ...[getCostSummary, getCostBreakdown, listThreadCosts, getTokenPerformance],
    ...partsNotOffered,
  ],
  limits: defaultLimits,
  roles: ["firestore.main", "secret.peppers"],
};
