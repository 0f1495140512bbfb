/**
 * An owner's money and limits in one document, so that every cap, hold and window is decided
 * together or not at all. Amounts are whole micro-US-dollars. `hold.ts` sets money aside before
 * work starts; `settle.ts` turns it into a charge once.
 */
import * as z from "zod";
import { assert } from "../assert.ts";
import { Admission, Contained, openAdmission, remembered } from "../keys/admission.ts";
import { KeyCount } from "../keys/key-count.ts";
import { LaterCounts, OwnedCounts } from "../limits/owned-count.ts";
import { Window } from "../limits/sliding-window.ts";
import { Alerts } from "./alert-state.ts";
import { Pace, paceAfter } from "./spending-pace.ts";

const whole = z.int();
const amount = z.int().min(0);

const Hold = z.object({
  /** The sum of all its slices. */
  amountMicrousd: amount,
  /** The part of it that is for model calls; the rest pays for time. */
  modelMicrousd: amount.default(0),
  /** What its calls were charged when more was last held for them. */
  modelChargedMicrousd: amount.optional(),
  keyId: z.string(),
  /** The first key of its key's lineage, which it counts for; null if its key wasn't rotated. */
  lineageId: z.string().nullable().default(null),
  /** The UTC day and month that its newest slice counts against, even if it is settled later. */
  day: z.string(),
  month: z.string(),
  /** The parts that were taken on days before that of the newest slice. */
  earlier: z.array(z.object({ day: z.string(), amountMicrousd: amount })).default([]),
  /** The key's ceilings for one execution and for a day, at the start; null means none. */
  executionMaxMicrousd: amount.nullable().default(null),
  keyDayMaxMicrousd: amount.nullable().default(null),
  /** The run whose hold it was carved from, which also pays for all that it takes later. */
  runId: z.string().nullable().default(null),
  /** After this time the execution can't be running, so the hold no longer counts. */
  expiresAt: whole,
});
export type Hold = z.infer<typeof Hold>;

/**
 * What an orchestration's run may still spend. Its steps' executions carve their holds from it, and
 * give back what they don't need, so it and they are never more than what was held at first.
 */
const RunHold = z.object({
  /** What is left to carve from. */
  amountMicrousd: amount,
  /** What was held at the start. */
  totalMicrousd: amount,
  /** What the run belongs to, which names its document. */
  orchestrationId: z.string(),
  keyId: z.string(),
  lineageId: z.string().nullable(),
  /** All of it counts for the day on which the run began, whenever it is charged. */
  day: z.string(),
  month: z.string(),
  keyDayMaxMicrousd: amount.nullable(),
  /** The run has ended by then; what is left is free again. */
  expiresAt: whole,
});
export type RunHold = z.infer<typeof RunHold>;

const Period = z.object({ key: z.string(), spentMicrousd: amount });

/** An owner's own limits; null stands for the deployment's. */
export const OwnerLimits = z.object({
  executionsMax: z.int().min(1).nullable().default(null),
  ownerExecutionsMax: z.int().min(1).nullable().default(null),
  concurrentMax: z.int().min(1).max(500).nullable().default(null),
  keyConcurrentMax: z.int().min(1).max(500).nullable().default(null),
  keyHeldPercentMax: z.int().min(1).max(100).nullable().default(null),
  wallClockMs: z.int().min(1_000).max(3_600_000).nullable().default(null),
  /** Caps of spending that the owner's keys can't lift; the owner may set lower ones. */
  dailyMicrousd: amount.nullable().default(null),
  monthlyMicrousd: amount.nullable().default(null),
});
export type OwnerLimits = z.infer<typeof OwnerLimits>;

export const Account = z.object({
  v: z.literal(1),
  balanceMicrousd: whole,
  spentMicrousd: amount,
  day: Period,
  month: Period,
  dailyLimitMicrousd: amount.nullable(),
  monthlyLimitMicrousd: amount.nullable(),
  holds: z.record(z.string(), Hold),
  /** What is held for orchestrations' runs, besides the holds of their executions. */
  runs: z.record(z.string(), RunHold).default({}),
  /** The starts of executions per key lineage. */
  windows: z.record(z.string(), Window),
  /** The starts of executions with all keys together. */
  ownerWindow: Window.default({}),
  /** The spending of today per lineage whose key has a daily ceiling; zeros are left out. */
  keys: z.record(z.string(), z.object({ day: Period })).default({}),
  limits: OwnerLimits.prefault({}),
  admission: Admission.default(openAdmission),
  contained: Contained.default({}),
  /**
   * Why the account is suspended, and since when: `operator`, `deletion`, or the containment that
   * does it. It is open only once no reason is left.
   */
  suspensions: z.record(z.string(), z.int()).default({}),
  /** Null in accounts that were stored before keys were counted. */
  keyCount: KeyCount.nullable().default(null),
  alerts: Alerts.prefault({}),
  /** Upper bounds of the numbers of agents, environments and threads. */
  counts: OwnedCounts.default({}),
  /** The same of schedules and triggers. */
  laterCounts: LaterCounts.default({}),
  pace: Pace.prefault({}),
  /** The amount that single operators moved on a UTC day; more than a limit takes two operators. */
  creditedAlone: Period.default({ key: "", spentMicrousd: 0 }),
  createdAt: whole,
  updatedAt: whole,
});
export type Account = z.infer<typeof Account>;

export function newAccount(now: number): Account {
  return Account.parse({
    v: 1,
    balanceMicrousd: 0,
    spentMicrousd: 0,
    day: { key: dayOf(now), spentMicrousd: 0 },
    month: { key: monthOf(dayOf(now)), spentMicrousd: 0 },
    dailyLimitMicrousd: null,
    monthlyLimitMicrousd: null,
    holds: {},
    windows: {},
    createdAt: now,
    updatedAt: now,
  });
}

/** The caps of spending that apply: the owner's or an operator's, whichever is lower. */
export function spendingCaps({ dailyLimitMicrousd, monthlyLimitMicrousd, limits }: Account) {
  return {
    dailyMicrousd: lower(dailyLimitMicrousd, limits.dailyMicrousd),
    monthlyMicrousd: lower(monthlyLimitMicrousd, limits.monthlyMicrousd),
  };
}

function lower(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.min(one, other);
}

/** The account counts windows and spending for at most this many lineages of keys. */
export const lineagesMax = 1_000;

/** The id under which a key is counted. A rotated key keeps it, so its day and windows continue. */
export function lineageIn(key: { readonly keyId: string; readonly lineageId?: string | null }) {
  return key.lineageId ?? key.keyId;
}

/** The amount held for a day, a month, a lineage, or any combination of them. */
export function heldMicrousd(
  account: Account,
  filter: { readonly day?: string; readonly month?: string; readonly lineageId?: string } = {},
): number {
  return [...Object.values(account.holds), ...Object.values(account.runs)]
    .filter((held) => filter.lineageId === undefined || filter.lineageId === lineageIn(held))
    .flatMap(slicesOf)
    .filter(
      ({ day }) => (filter.day ?? day) === day && (filter.month ?? monthOf(day)) === monthOf(day),
    )
    .reduce((sum, slice) => sum + slice.amountMicrousd, 0);
}

/** The slices of a hold by the day they were taken on, oldest first. */
export function slicesOf(
  hold: Pick<Hold, "amountMicrousd" | "day"> & Partial<Pick<Hold, "earlier">>,
): readonly { day: string; amountMicrousd: number }[] {
  const { earlier = [] } = hold;
  const earlierMicrousd = earlier.reduce((sum, slice) => sum + slice.amountMicrousd, 0);
  const amountMicrousd = hold.amountMicrousd - earlierMicrousd;
  return [...earlier, { day: hold.day, amountMicrousd }];
}

/** The part of the balance that a new hold may take: what isn't held already. */
export function spendableMicrousd(account: Account): number {
  return account.balanceMicrousd - heldMicrousd(account);
}

/** The spending of a lineage of keys on the account's current day. */
export function keySpentMicrousd(account: Account, lineageId: string): number {
  const day = account.keys[lineageId]?.day;
  return day?.key === account.day.key ? day.spentMicrousd : 0;
}

export function credit(before: Account, amountMicrousd: number, now: number): Account {
  assert(Number.isSafeInteger(amountMicrousd) && amountMicrousd > 0);
  const account = inPeriod(before, now);
  return { ...account, balanceMicrousd: account.balanceMicrousd + amountMicrousd };
}

/**
 * The account as of `now`: days and months that have ended don't count, nor do holds whose
 * execution can't run any more. A clock that is behind doesn't restart a day.
 */
export function inPeriod(account: Account, now: number): Account {
  const begin = (period: Account["day"], key: string) =>
    period.key >= key ? period : { key, spentMicrousd: 0 };
  const day = begin(account.day, dayOf(now));
  const live = ([, { expiresAt }]: [string, Hold | RunHold]) => expiresAt > now;
  const today = ([, key]: [string, Account["keys"][string]]) => key.day.key === day.key;
  return {
    ...account,
    day,
    month: begin(account.month, monthOf(dayOf(now))),
    holds: Object.fromEntries(Object.entries(account.holds).filter(live)),
    runs: Object.fromEntries(Object.entries(account.runs).filter(live)),
    keys: Object.fromEntries(Object.entries(account.keys).filter(today)),
    pace: paceAt(account, day.key),
    admission: remembered(account.admission, now),
    updatedAt: now,
  };
}

/** The day on which the account was made isn't a whole day, so it doesn't count. */
function paceAt({ day, pace, createdAt }: Account, today: string): Pace {
  if (day.key !== dayOf(createdAt)) {
    return paceAfter(pace, { ended: day.key, begun: today, spentMicrousd: day.spentMicrousd });
  }
  const first = dayOf(createdAt + 86_400_000);
  return paceAfter(pace, { ended: first, begun: today, spentMicrousd: 0 });
}

export function dayOf(now: number): string {
  return new Date(now).toISOString().slice(0, 10);
}

export function monthOf(day: string): string {
  return day.slice(0, 7);
}
