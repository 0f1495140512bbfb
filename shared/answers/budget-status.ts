import type * as z from "zod";
import type { BudgetStatus } from "../contract/budget.ts";
import { usd } from "../contract/common.ts";
import { type Account, inPeriod } from "../core/money/account.ts";

/** Balance, limits and what was spent of them, as replies and refusals state them. */
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
