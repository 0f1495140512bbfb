import type * as z from "zod";
import type { BudgetStatus } from "../contract/budget.ts";
import { usd } from "../contract/common.ts";
import { type Account, inPeriod, spendingCaps } from "../core/money/account.ts";

/** Balance, limits and what was spent of them, as replies and refusals state them. */
export function budgetStatus(before: Account, now: number): z.input<typeof BudgetStatus> {
  const account = inPeriod(before, now);
  const caps = spendingCaps(account);
  const orNull = (microusd: number | null) => (microusd === null ? null : usd(microusd));
  return {
    balance: usd(account.balanceMicrousd),
    dailyLimit: orNull(caps.dailyMicrousd),
    dailySpent: usd(account.day.spentMicrousd),
    monthlyLimit: orNull(caps.monthlyMicrousd),
    monthlySpent: usd(account.month.spentMicrousd),
  };
}
