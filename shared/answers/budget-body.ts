import type * as z from "zod";
import type { Budget, BudgetAlert, BudgetForecast } from "../contract/budget.ts";
import { iso, isoOrNull, usd } from "../contract/common.ts";
import { type Account, heldMicrousd, inPeriod, spendableMicrousd } from "../core/money/account.ts";
import type { Alert } from "../core/money/alert-state.ts";
import { forecast } from "../core/money/spending-pace.ts";
import { budgetStatus } from "./budget-status.ts";

/** The API's name for each thing that can raise an alert. */
const alertSubjects = { balance: "balance", day: "dailyLimit", month: "monthlyLimit" } as const;

/** The account in the form of `GET /v1/budget`: what is held and available, alerts, forecast. */
export function budgetBody(before: Account, ownerId: string, now: number): z.input<typeof Budget> {
  const account = inPeriod(before, now);
  return {
    ...budgetStatus(account, now),
    userId: ownerId,
    held: usd(heldMicrousd(account)),
    available: usd(spendableMicrousd(account)),
    totalSpent: usd(account.spentMicrousd),
    runningExecutions: Object.keys(account.holds).length,
    alertPercentages: account.alerts.percents,
    alerts: account.alerts.raised.toReversed().map(alertBody),
    forecast: forecastBody(account, now),
    createdAt: iso(account.createdAt),
    updatedAt: iso(before.updatedAt),
  };
}

function alertBody(alert: Alert): z.input<typeof BudgetAlert> {
  return {
    of: alertSubjects[alert.of],
    percent: alert.percent,
    period: alert.period,
    limit: usd(alert.limitMicrousd),
    spent: usd(alert.spentMicrousd),
    at: iso(alert.at),
  };
}

function forecastBody(account: Account, now: number): z.input<typeof BudgetForecast> {
  const ahead = forecast(account.pace, spendableMicrousd(account), now);
  if (!ahead) return null;
  return {
    dailyAverage: usd(ahead.microusdPerDay),
    basedOnDays: ahead.days,
    runsOutAt: isoOrNull(ahead.runsOutAt),
    method: "mean of whole days, weights halving every 7 days",
  };
}
