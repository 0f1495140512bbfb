import * as z from "zod";
import type { Account } from "../core/account.ts";
import { microusd } from "../core/pricing.ts";

/** In US dollars; null is no limit, and 0 lets nothing start. */
export const LimitAmount = z.number().min(0).max(1_000_000).nullable();

/** The limits as stored: one that isn't stated stays as it is. */
export function limitsFrom(stated: {
  readonly dailyLimit?: number | null | undefined;
  readonly monthlyLimit?: number | null | undefined;
}): Partial<Pick<Account, "dailyLimitMicrousd" | "monthlyLimitMicrousd">> {
  const stored = (usd: number | null) => (usd === null ? null : microusd(usd));
  const { dailyLimit, monthlyLimit } = stated;
  return {
    ...(dailyLimit === undefined ? {} : { dailyLimitMicrousd: stored(dailyLimit) }),
    ...(monthlyLimit === undefined ? {} : { monthlyLimitMicrousd: stored(monthlyLimit) }),
  };
}
