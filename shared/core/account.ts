/**
 * An owner's money and limits: one document, so that every cap, hold and window is decided together
 * or not at all. Whole micro-US-dollars. The two phases are those of a two-phase transfer: a hold
 * sets money aside before work starts, and settling it charges at most what was held, once.
 */
import * as z from "zod";
import { Admission, openAdmission } from "./admission.ts";
import { assert } from "./assert.ts";
import { take, Window, type WindowLimit, type WindowState } from "./window.ts";

const whole = z.int();
const amount = z.int().min(0);

const Hold = z.object({
  amountMicrousd: amount,
  keyId: z.string(),
  /** The UTC day and month it counts against, however late it is settled. */
  day: z.string(),
  month: z.string(),
  /** When its execution can't be running any more; then it is charged in full. */
  expiresAt: whole,
});

const Period = z.object({ key: z.string(), spentMicrousd: amount });

export const Account = z.object({
  v: z.literal(1),
  balanceMicrousd: whole,
  spentMicrousd: amount,
  day: Period,
  month: Period,
  dailyLimitMicrousd: amount.nullable(),
  monthlyLimitMicrousd: amount.nullable(),
  holds: z.record(z.string(), Hold),
  /** Executions started, per key. */
  windows: z.record(z.string(), Window),
  admission: Admission.default(openAdmission),
  createdAt: whole,
  updatedAt: whole,
});
export type Account = z.infer<typeof Account>;

export type BudgetRefusal = "INSUFFICIENT_BUDGET" | "BUDGET_LIMIT_DAILY" | "BUDGET_LIMIT_MONTHLY";

export interface HoldRequest {
  readonly executionId: string;
  readonly keyId: string;
  readonly amountMicrousd: number;
  readonly expiresAt: number;
  readonly now: number;
  readonly executions: WindowLimit;
  readonly concurrentMax: number;
}

export type HoldResult =
  | { readonly granted: true; readonly account: Account; readonly window: WindowState }
  | { readonly granted: false; readonly refusal: "RATE_LIMITED"; readonly window: WindowState }
  | { readonly granted: false; readonly refusal: "CONCURRENCY_LIMITED"; readonly running: number }
  | { readonly granted: false; readonly refusal: BudgetRefusal; readonly shortfall: Shortfall };

/** Why money was refused: `limit` is null for the balance, which has no period. */
export interface Shortfall {
  readonly limitMicrousd: number | null;
  readonly spentMicrousd: number;
  readonly heldMicrousd: number;
  readonly requiredMicrousd: number;
  /** When the period ends, epoch ms; null for the balance. */
  readonly resetsAt: number | null;
}

export function newAccount(now: number): Account {
  return {
    v: 1,
    balanceMicrousd: 0,
    spentMicrousd: 0,
    day: { key: dayOf(now), spentMicrousd: 0 },
    month: { key: monthOf(now), spentMicrousd: 0 },
    dailyLimitMicrousd: null,
    monthlyLimitMicrousd: null,
    holds: {},
    windows: {},
    admission: openAdmission,
    createdAt: now,
    updatedAt: now,
  };
}

export function heldMicrousd(account: Account, of: { day?: string; month?: string } = {}): number {
  return Object.values(account.holds)
    .filter((hold) => (of.day ?? hold.day) === hold.day && (of.month ?? hold.month) === hold.month)
    .reduce((sum, hold) => sum + hold.amountMicrousd, 0);
}

/** What a new hold may take of the balance; never what is held for somebody else. */
export function spendableMicrousd(account: Account): number {
  return account.balanceMicrousd - heldMicrousd(account);
}

/** Takes the limit, a place and the money together, or nothing of any of them (LIM-2). */
export function hold(before: Account, request: HoldRequest): HoldResult {
  const { executionId, keyId, amountMicrousd, now } = request;
  assert(Number.isSafeInteger(amountMicrousd) && amountMicrousd > 0);
  assert(before.holds[executionId] === undefined, "an execution holds once");
  const account = inPeriod(before, now);
  const window = take(account.windows[keyId] ?? {}, request.executions, now);
  if (!window.granted) return { granted: false, refusal: "RATE_LIMITED", window };
  const running = Object.keys(account.holds).length;
  if (running >= request.concurrentMax) {
    return { granted: false, refusal: "CONCURRENCY_LIMITED", running };
  }
  const refused = shortfall(account, amountMicrousd, now);
  if (refused) return { granted: false, ...refused };
  const held = {
    amountMicrousd,
    keyId,
    day: account.day.key,
    month: account.month.key,
    expiresAt: request.expiresAt,
  };
  return {
    granted: true,
    window,
    account: {
      ...account,
      holds: { ...account.holds, [executionId]: held },
      windows: { ...account.windows, [keyId]: window.window },
    },
  };
}

export interface Settlement {
  readonly account: Account;
  readonly heldMicrousd: number;
  readonly chargedMicrousd: number;
  readonly releasedMicrousd: number;
  /** What the work cost beyond its hold: the platform's loss, never the owner's. */
  readonly lossMicrousd: number;
}

/** Turns a hold into a charge; null if there is none, so that nothing settles twice. */
export function settle(
  before: Account,
  execution: { readonly id: string; readonly costMicrousd: number; readonly now: number },
): Settlement | null {
  const { id, costMicrousd, now } = execution;
  assert(Number.isSafeInteger(costMicrousd) && costMicrousd >= 0);
  const held = before.holds[id];
  if (!held) return null;
  const account = inPeriod(before, now);
  const chargedMicrousd = Math.min(costMicrousd, held.amountMicrousd);
  const { [id]: _settled, ...holds } = account.holds;
  const charge = <P extends Account["day"]>(period: P, key: string) =>
    period.key === key
      ? { ...period, spentMicrousd: period.spentMicrousd + chargedMicrousd }
      : period;
  return {
    account: {
      ...account,
      balanceMicrousd: account.balanceMicrousd - chargedMicrousd,
      spentMicrousd: account.spentMicrousd + chargedMicrousd,
      day: charge(account.day, held.day),
      month: charge(account.month, held.month),
      holds,
    },
    heldMicrousd: held.amountMicrousd,
    chargedMicrousd,
    releasedMicrousd: held.amountMicrousd - chargedMicrousd,
    lossMicrousd: costMicrousd - chargedMicrousd,
  };
}

export function credit(before: Account, amountMicrousd: number, now: number): Account {
  assert(Number.isSafeInteger(amountMicrousd) && amountMicrousd > 0);
  const account = inPeriod(before, now);
  return { ...account, balanceMicrousd: account.balanceMicrousd + amountMicrousd };
}

/** The account as it stands at `now`: a day or a month that has ended counts no more. */
export function inPeriod(account: Account, now: number): Account {
  const begin = (period: Account["day"], key: string) =>
    period.key === key ? period : { key, spentMicrousd: 0 };
  return {
    ...account,
    day: begin(account.day, dayOf(now)),
    month: begin(account.month, monthOf(now)),
    updatedAt: now,
  };
}

export function dayOf(now: number): string {
  return new Date(now).toISOString().slice(0, 10);
}

function monthOf(now: number): string {
  return new Date(now).toISOString().slice(0, 7);
}

function shortfall(
  account: Account,
  requiredMicrousd: number,
  now: number,
): { refusal: BudgetRefusal; shortfall: Shortfall } | null {
  const date = new Date(now);
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  const heldToday = heldMicrousd(account, { day: account.day.key });
  const heldThisMonth = heldMicrousd(account, { month: account.month.key });
  const caps = [
    ["INSUFFICIENT_BUDGET", null, account.spentMicrousd, heldMicrousd(account), null],
    [
      "BUDGET_LIMIT_DAILY",
      account.dailyLimitMicrousd,
      account.day.spentMicrousd,
      heldToday,
      Date.UTC(year, month, day + 1),
    ],
    [
      "BUDGET_LIMIT_MONTHLY",
      account.monthlyLimitMicrousd,
      account.month.spentMicrousd,
      heldThisMonth,
      Date.UTC(year, month + 1),
    ],
  ] as const;
  for (const [refusal, limitMicrousd, spentMicrousd, held, resetsAt] of caps) {
    const left =
      refusal === "INSUFFICIENT_BUDGET"
        ? account.balanceMicrousd - held
        : (limitMicrousd ?? Number.POSITIVE_INFINITY) - spentMicrousd - held;
    if (requiredMicrousd > left) {
      const amounts = { limitMicrousd, spentMicrousd, heldMicrousd: held, requiredMicrousd };
      return { refusal, shortfall: { ...amounts, resetsAt } };
    }
  }
  return null;
}
