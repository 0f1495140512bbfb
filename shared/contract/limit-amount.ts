import * as z from "zod";
import type { Account } from "../core/money/account.ts";
import { microusd } from "../core/money/pricing.ts";

/** A number further than this from whole micro-dollars is a finer amount, not a rounding error. */
const roundingMax = 1e-3;

/**
 * US dollars in whole millionths, which is how money is counted here. A finer amount would be
 * stored as another amount than was asked for.
 */
export const Dollars = z.number().refine((usd) => {
  const amount = usd * 1_000_000;
  return Math.abs(amount - Math.round(amount)) < roundingMax;
}, "must be a whole number of millionths of a US dollar");

/** US dollars; null means no limit, and 0 lets nothing start. */
export const LimitAmount = Dollars.min(0).max(1_000_000).nullable();

/** The limits as stored; a limit that isn't stated stays as it is. */
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
