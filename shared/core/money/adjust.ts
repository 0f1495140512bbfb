/** Adds or removes money by an operator's order. */
import { assert } from "../assert.ts";
import { type Account, inPeriod, spendableMicrousd } from "./account.ts";

/** The account after adding the amount; null if that would take money that is held. */
export function adjust(before: Account, amountMicrousd: number, now: number): Account | null {
  assert(Number.isSafeInteger(amountMicrousd) && amountMicrousd !== 0);
  const account = inPeriod(before, now);
  if (amountMicrousd < 0 && spendableMicrousd(account) + amountMicrousd < 0) return null;
  return { ...account, balanceMicrousd: account.balanceMicrousd + amountMicrousd };
}

/**
 * The account with `amountMicrousd` added to what single operators moved on this UTC day; null if
 * that exceeds their limit, so that a large sum can't pass as several small ones.
 */
export function countAlone(
  account: Account,
  amountMicrousd: number,
  microusdMax: number,
): Account | null {
  const { key, spentMicrousd } = account.creditedAlone;
  const today = account.day.key;
  const sum = Math.abs(amountMicrousd) + (key === today ? spentMicrousd : 0);
  if (sum > microusdMax) return null;
  return { ...account, creditedAlone: { key: today, spentMicrousd: sum } };
}
