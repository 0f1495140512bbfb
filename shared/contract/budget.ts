/** Money as the public API shows it: decimal US dollars. */
import * as z from "zod";
import { type Account, heldMicrousd, inPeriod, spendableMicrousd } from "../core/money/account.ts";
import type { Alert } from "../core/money/alert-state.ts";
import { forecast } from "../core/money/spending-pace.ts";
import type { LedgerEntry } from "../store/owners.ts";
import { iso, isoOrNull, usd } from "./common.ts";

export const BudgetStatus = z.object({
  balance: z.number(),
  dailyLimit: z.number().nullable(),
  dailySpent: z.number(),
  monthlyLimit: z.number().nullable(),
  monthlySpent: z.number(),
});

export function budgetStatus(before: Account, now: number): z.input<typeof BudgetStatus> {
  const account = inPeriod(before, now);
  const orNull = (microusd: number | null) => (microusd === null ? null : usd(microusd));
  return {
    balance: usd(account.balanceMicrousd),
    dailyLimit: orNull(account.dailyLimitMicrousd),
    dailySpent: usd(account.day.spentMicrousd),
    monthlyLimit: orNull(account.monthlyLimitMicrousd),
    monthlySpent: usd(account.month.spentMicrousd),
  };
}

/** The API's name for each thing that can raise an alert. */
const alertSubjects = { balance: "balance", day: "dailyLimit", month: "monthlyLimit" } as const;

const BudgetAlert = z.object({
  of: z.enum(["balance", "dailyLimit", "monthlyLimit"]),
  percent: z.int(),
  /** The day, the month, or the time of the last credit to the balance. */
  period: z.string(),
  limit: z.number(),
  spent: z.number(),
  at: z.string(),
});

/** Null until three whole days are known. */
const BudgetForecast = z
  .object({
    dailyAverage: z.number(),
    basedOnDays: z.int(),
    /** When the available money will be spent; null if that is more than ten years away. */
    runsOutAt: z.string().nullable(),
    method: z.literal("mean of whole days, weights halving every 7 days"),
  })
  .nullable();

export const Budget = BudgetStatus.extend({
  userId: z.string(),
  held: z.number(),
  available: z.number(),
  totalSpent: z.number(),
  runningExecutions: z.int(),
  /** The percentages that raise an alert, and the alerts that were raised, newest first. */
  alertPercentages: z.array(z.int()),
  alerts: z.array(BudgetAlert),
  forecast: BudgetForecast,
  createdAt: z.string(),
  updatedAt: z.string(),
});

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

/** The SDK calls a charge `execution`; the published API calls it `charge`. */
const recordTypes = ["execution", "credit", "adjustment", "loss"] as const;

export const BillingRecord = z.object({
  id: z.string(),
  userId: z.string(),
  type: z.enum(recordTypes),
  recordType: z.string(),
  amount: z.number(),
  runId: z.string().nullable(),
  threadId: z.string().nullable(),
  description: z.string().nullable(),
  metadata: z.null(),
  createdAt: z.string(),
});

export function billingRecord(entry: LedgerEntry, ownerId: string): z.input<typeof BillingRecord> {
  return {
    id: entry.id,
    userId: ownerId,
    type: entry.type === "charge" ? "execution" : entry.type,
    recordType: entry.type,
    amount: usd(entry.type === "charge" ? -entry.amountMicrousd : entry.amountMicrousd),
    runId: entry.executionId,
    threadId: entry.threadId,
    description: entry.description,
    metadata: null,
    createdAt: iso(entry.createdAt),
  };
}
