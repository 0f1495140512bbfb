/** The caps on spending: the balance, the daily and monthly caps, and a key's ceilings. */
import {
  type Account,
  type Hold,
  heldMicrousd,
  keySpentMicrousd,
  lineageIn,
  spendableMicrousd,
  spendingCaps,
} from "./account.ts";

export type BudgetRefusal =
  | "INSUFFICIENT_BUDGET"
  | "BUDGET_LIMIT_DAILY"
  | "BUDGET_LIMIT_MONTHLY"
  | "BUDGET_LIMIT_KEY";

/** Why money was refused; `limit` is null for the balance, which has no period. */
export interface Shortfall {
  readonly limitMicrousd: number | null;
  readonly spentMicrousd: number;
  readonly heldMicrousd: number;
  readonly requiredMicrousd: number;
  /** When the period ends, in epoch milliseconds; null if waiting doesn't help. */
  readonly resetsAt: number | null;
}

export interface Cap extends Omit<Shortfall, "requiredMicrousd"> {
  readonly refusal: BudgetRefusal;
  readonly leftMicrousd: number;
}

type Ceilings = Pick<Hold, "keyId" | "executionMaxMicrousd" | "keyDayMaxMicrousd"> & {
  readonly lineageId?: string | null;
};

/**
 * All caps that apply, and the amount that each leaves; held money counts as spent (BUD-3).
 * @param executionMicrousd The amount that the execution holds already.
 */
export function capsOf(
  account: Account,
  ceilings: Ceilings,
  executionMicrousd: number,
): readonly Cap[] {
  const { day, month } = account;
  const { dailyMicrousd, monthlyMicrousd } = spendingCaps(account);
  const { executionMaxMicrousd, keyDayMaxMicrousd } = ceilings;
  const lineageId = lineageIn(ceilings);
  const ends = endsOf(account);
  const today = { held: heldMicrousd(account, { day: day.key }), resetsAt: ends.day };
  const thisMonth = { held: heldMicrousd(account, { month: month.key }), resetsAt: ends.month };
  const keyHeld = heldMicrousd(account, { day: day.key, lineageId });
  const keySpent = keySpentMicrousd(account, lineageId);
  const balance = { spent: account.spentMicrousd, held: heldMicrousd(account), resetsAt: null };
  const ofExecution = { spent: 0, held: executionMicrousd, resetsAt: null };
  const ofKey = { spent: keySpent, held: keyHeld, resetsAt: ends.day };
  return [
    { ...cap("INSUFFICIENT_BUDGET", null, balance), leftMicrousd: spendableMicrousd(account) },
    cap("BUDGET_LIMIT_DAILY", dailyMicrousd, { spent: day.spentMicrousd, ...today }),
    cap("BUDGET_LIMIT_MONTHLY", monthlyMicrousd, { spent: month.spentMicrousd, ...thisMonth }),
    cap("BUDGET_LIMIT_KEY", executionMaxMicrousd, ofExecution),
    cap("BUDGET_LIMIT_KEY", keyDayMaxMicrousd, ofKey),
  ];
}

function cap(
  refusal: BudgetRefusal,
  limitMicrousd: number | null,
  used: { readonly spent: number; readonly held: number; readonly resetsAt: number | null },
): Cap {
  const { spent: spentMicrousd, held, resetsAt } = used;
  const leftMicrousd = (limitMicrousd ?? Number.POSITIVE_INFINITY) - spentMicrousd - held;
  return { refusal, limitMicrousd, spentMicrousd, heldMicrousd: held, resetsAt, leftMicrousd };
}

/** When the account's day and month end, in epoch milliseconds. */
export function endsOf({ day, month }: Account): { readonly day: number; readonly month: number } {
  const today = new Date(`${day.key}T00:00:00Z`);
  const thisMonth = new Date(`${month.key}-01T00:00:00Z`);
  return {
    day: today.getTime() + 86_400_000,
    month: Date.UTC(thisMonth.getUTCFullYear(), thisMonth.getUTCMonth() + 1),
  };
}
