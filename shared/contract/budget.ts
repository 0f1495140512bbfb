/** Money as the public API shows it: decimal US dollars. */
import * as z from "zod";

export const BudgetStatus = z.object({
  balance: z.number(),
  dailyLimit: z.number().nullable(),
  dailySpent: z.number(),
  monthlyLimit: z.number().nullable(),
  monthlySpent: z.number(),
});

export const BudgetAlert = z.object({
  of: z.enum(["balance", "dailyLimit", "monthlyLimit"]),
  percent: z.int(),
  /** The day, the month, or the time of the last credit to the balance. */
  period: z.string(),
  limit: z.number(),
  spent: z.number(),
  at: z.string(),
});

/** Null until three whole days are known. */
export const BudgetForecast = z
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
