/**
 * Computes what an account must contain according to its ledger (BUD-7). Lines are only ever added,
 * so their sums can be stored and continued.
 */
import * as z from "zod";
import { type Account, dayOf, monthOf } from "./account.ts";

const amount = z.int().min(0);

/** The fields of a line that the sums need. */
export interface LedgerLine {
  readonly type: "credit" | "charge" | "loss" | "adjustment";
  readonly amountMicrousd: number;
  readonly lossMicrousd: number;
  readonly keyId: string | null;
  /**
   * The id that the charge counts under for its key's day; empty if it doesn't count, null in lines
   * from before this was stored.
   */
  readonly keyLineageId?: string | null;
  /** What the charge took from each UTC day; null in lines from before this was stored. */
  readonly days: Readonly<Record<string, number>> | null;
  readonly createdAt: number;
}

const DaySum = z.object({ spentMicrousd: amount, keys: z.record(z.string(), amount) });

export const LedgerSums = z.object({
  lines: amount,
  /** How many lines contradict themselves. */
  malformed: amount,
  balanceMicrousd: z.int(),
  spentMicrousd: z.int(),
  lossMicrousd: amount,
  /** The newest days only; an account stores no older one. */
  days: z.record(z.string(), DaySum),
});
export type LedgerSums = z.infer<typeof LedgerSums>;

export const noLines: LedgerSums = {
  lines: 0,
  malformed: 0,
  balanceMicrousd: 0,
  spentMicrousd: 0,
  lossMicrousd: 0,
  days: {},
};

/** A month, and in addition the time by which a clock or an execution may lag. */
const daysMax = 40;
/** An account counts what keys spend on its current day only. */
const daysWithKeysMax = 2;

export function addLine(sums: LedgerSums, line: LedgerLine): LedgerSums {
  const charged = line.type === "charge" ? 0 - line.amountMicrousd : 0;
  return {
    lines: sums.lines + 1,
    malformed: sums.malformed + (isWellFormed(line) ? 0 : 1),
    balanceMicrousd: sums.balanceMicrousd + line.amountMicrousd,
    spentMicrousd: sums.spentMicrousd + charged,
    lossMicrousd: sums.lossMicrousd + line.lossMicrousd,
    days: charged > 0 ? withDays(sums.days, line, charged) : sums.days,
  };
}

/** Whether the amounts have the signs of the type, and the days add up to the charge. */
function isWellFormed({ type, amountMicrousd, lossMicrousd, days }: LedgerLine): boolean {
  const signs = {
    credit: amountMicrousd > 0 && lossMicrousd === 0,
    charge: amountMicrousd <= 0 && lossMicrousd === 0,
    loss: amountMicrousd === 0 && lossMicrousd > 0,
    adjustment: lossMicrousd === 0,
  };
  if (!signs[type]) return false;
  if (type !== "charge" || days === null) return true;
  return Object.values(days).reduce((sum, part) => sum + part, 0) === 0 - amountMicrousd;
}

function withDays(before: LedgerSums["days"], line: LedgerLine, charged: number) {
  const days = { ...before };
  const parts = line.days ?? { [dayOf(line.createdAt)]: charged };
  for (const [day, part] of Object.entries(parts)) {
    const sum = days[day] ?? { spentMicrousd: 0, keys: {} };
    const keyId = line.keyLineageId ?? line.keyId ?? "";
    const ofKey = keyId === "" ? {} : { [keyId]: (sum.keys[keyId] ?? 0) + part };
    const keys = { ...sum.keys, ...ofKey };
    days[day] = { spentMicrousd: sum.spentMicrousd + part, keys };
  }
  const newest = Object.entries(days)
    .sort(([a], [b]) => byDay(a, b))
    .slice(-daysMax);
  const withKeysFrom = newest.length - daysWithKeysMax;
  return Object.fromEntries(
    newest.map(([day, sum], index) => [day, index < withKeysFrom ? { ...sum, keys: {} } : sum]),
  );
}

/** Days such as `2026-11-23` sort correctly as text. */
const byDay = (a: string, b: string) => (a < b ? -1 : 1);

/** The parts of an account that the ledger determines; holds of running executions aren't. */
export type Rebuilt = Pick<Account, "balanceMicrousd" | "spentMicrousd" | "day" | "month" | "keys">;

/** The account that the lines add up to, on a day and in a month. */
export function rebuild(
  sums: LedgerSums,
  period: { readonly day: string; readonly month: string },
) {
  const today = sums.days[period.day] ?? { spentMicrousd: 0, keys: {} };
  const thisMonth = Object.entries(sums.days)
    .filter(([day]) => monthOf(day) === period.month)
    .reduce((sum, [, { spentMicrousd }]) => sum + spentMicrousd, 0);
  const keys = Object.entries(today.keys).map(
    ([keyId, spentMicrousd]) => [keyId, { day: { key: period.day, spentMicrousd } }] as const,
  );
  const rebuilt: Rebuilt = {
    balanceMicrousd: sums.balanceMicrousd,
    spentMicrousd: sums.spentMicrousd,
    day: { key: period.day, spentMicrousd: today.spentMicrousd },
    month: { key: period.month, spentMicrousd: thisMonth },
    keys: Object.fromEntries(keys),
  };
  return rebuilt;
}

/** Values are micro-US-dollars, or counts of lines. */
export interface Difference {
  readonly what: string;
  readonly accountHas: number;
  readonly ledgerHas: number;
}

/** Where an account differs from its ledger; empty if they agree. */
export function differences(account: Account, sums: LedgerSums): readonly Difference[] {
  const { day, month } = account;
  const rebuilt = rebuild(sums, { day: day.key, month: month.key });
  const keyIds = [...new Set([...Object.keys(account.keys), ...Object.keys(rebuilt.keys)])].sort();
  const ofKey = (keys: Account["keys"], keyId: string) => {
    const spent = keys[keyId]?.day;
    return spent?.key === day.key ? spent.spentMicrousd : 0;
  };
  const pairs: readonly (readonly [string, number, number])[] = [
    ["lines that contradict themselves", 0, sums.malformed],
    ["balance", account.balanceMicrousd, rebuilt.balanceMicrousd],
    ["spent", account.spentMicrousd, rebuilt.spentMicrousd],
    [`day ${day.key}`, day.spentMicrousd, rebuilt.day.spentMicrousd],
    [`month ${month.key}`, month.spentMicrousd, rebuilt.month.spentMicrousd],
    ...keyIds.map((id) => [`key ${id}`, ofKey(account.keys, id), ofKey(rebuilt.keys, id)] as const),
  ];
  return pairs
    .filter(([, stored, counted]) => stored !== counted)
    .map(([what, accountHas, ledgerHas]) => ({ what, accountHas, ledgerHas }));
}

/** The hold of an unfinished execution, according to its own document. */
export interface OpenExecution {
  readonly id: string;
  readonly holdMicrousd: number;
}

/** Holds without a running execution, which would never be released, and holds that are wrong. */
export function holdDifferences(
  account: Account,
  open: readonly OpenExecution[],
): readonly Difference[] {
  const expected = new Map(open.map(({ id, holdMicrousd }) => [id, holdMicrousd]));
  return Object.entries(account.holds)
    .map(([id, { amountMicrousd }]) => ({
      what: `hold of ${id}`,
      accountHas: amountMicrousd,
      ledgerHas: expected.get(id) ?? 0,
    }))
    .filter(({ accountHas, ledgerHas }) => accountHas !== ledgerHas);
}
