/** Money as the public API shows it: decimal US dollars. */
import * as z from "zod";
import { type Account, heldMicrousd, inPeriod, spendableMicrousd } from "../core/account.ts";
import type { LedgerEntry } from "../store/owners.ts";
import { iso, usd } from "./common.ts";

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

export const Budget = BudgetStatus.extend({
  userId: z.string(),
  held: z.number(),
  available: z.number(),
  totalSpent: z.number(),
  runningExecutions: z.int(),
  createdAt: z.string(),
  updatedAt: z.string(),
});

export function budgetBody(account: Account, ownerId: string, now: number): z.input<typeof Budget> {
  return {
    ...budgetStatus(account, now),
    userId: ownerId,
    held: usd(heldMicrousd(account)),
    available: usd(spendableMicrousd(account)),
    totalSpent: usd(account.spentMicrousd),
    runningExecutions: Object.keys(account.holds).length,
    createdAt: iso(account.createdAt),
    updatedAt: iso(account.updatedAt),
  };
}

/** What the SDK calls `execution`, the published API calls `charge`. */
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
