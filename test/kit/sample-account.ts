/** An account of a hundred micro-dollars, a minute before midnight. */
import { type Account, newAccount } from "#shared/core/money/account";
import { type HoldLimits, hold } from "#shared/core/money/hold";

export const now = Date.UTC(2026, 10, 22, 23, 59, 0);
export const day = 86_400_000;

export const limits: HoldLimits = {
  executions: { max: 1_000, windowMs: 900_000 },
  ownerExecutions: null,
  concurrentMax: 500,
  keyConcurrentMax: 500,
  keyHeldPercentMax: 100,
};

export function accountWith(fields: Partial<Account> = {}): Account {
  return { ...newAccount(now), balanceMicrousd: 100, ...fields };
}

export function request(executionId: string, amountMicrousd: number, time = now) {
  const ceilings = { executionCostMaxMicrousd: null, dayCostMaxMicrousd: null };
  const asked = { executionId, keyId: "key_a", ceilings, amountMicrousd, now: time };
  return { ...asked, expiresAt: time + day, limits };
}

export function held(
  account: Account,
  executionId: string,
  amountMicrousd: number,
  time = now,
): Account {
  const result = hold(account, request(executionId, amountMicrousd, time));
  if (!result.granted) throw new Error(result.refusal);
  return result.account;
}
