/**
 * Raises an alert when a chosen percentage of the balance, the daily or the monthly cap is spent.
 * Held money doesn't count: most of it is released, and an alert that is raised too early isn't
 * raised again.
 */
import { type Account, spendingCaps } from "./account.ts";
import type { Alert } from "./alert-state.ts";
import { microusdPerMinute } from "./pricing.ts";

/** Past alerts to keep, besides those of the current periods, which must not be raised again. */
const pastMax = 20;
/** One limit raises at most this many alerts in a period, however often it is changed. */
const samePeriodMax = 20;

export interface Noticed {
  readonly account: Account;
  readonly raised: readonly Alert[];
}

/** The account with its new alerts recorded, and those alerts on their own. Pure. */
export function noticeAlerts(before: Account, decided: Account): Noticed {
  const account = withBase(before, decided);
  const { alerts, updatedAt: at } = account;
  const current = spending(account);
  const said = (alert: Alert) => alerts.raised.some((raised) => isSame(raised, alert));
  const raised = current.flatMap((period) => {
    const told = alerts.raised.filter((alert) => isOfPeriod(alert, period)).length;
    return alerts.percents
      .filter((percent) => isReached(period, percent))
      .map((percent) => ({ ...period, percent, at }))
      .filter((alert) => !said(alert))
      .slice(0, Math.max(0, samePeriodMax - told));
  });
  if (raised.length === 0) return { account, raised };
  const isCurrent = (alert: Alert) => current.some((period) => isOfPeriod(alert, period));
  const past = alerts.raised.filter((alert) => !isCurrent(alert)).slice(-pastMax);
  const still = alerts.raised.filter(isCurrent);
  const all = [...past, ...still, ...raised];
  return { account: { ...account, alerts: { ...alerts, raised: all } }, raised };
}

/** Percentages of the balance refer to the balance after the last credit. */
function withBase(before: Account, decided: Account): Account {
  if (decided.balanceMicrousd <= before.balanceMicrousd) return decided;
  const { balanceMicrousd, updatedAt: creditedAt } = decided;
  const creditedMicrousd = Math.max(0, balanceMicrousd);
  return { ...decided, alerts: { ...decided.alerts, creditedMicrousd, creditedAt } };
}

type Spending = Pick<Alert, "of" | "period" | "limitMicrousd" | "spentMicrousd">;

function spending(account: Account): readonly Spending[] {
  const { alerts, day, month, balanceMicrousd } = account;
  const base = alerts.creditedMicrousd;
  const used = Math.max(0, base - balanceMicrousd);
  const capped = (kind: "day" | "month", limitMicrousd: number | null, spent: Account["day"]) =>
    limitMicrousd === null
      ? []
      : [{ of: kind, period: spent.key, limitMicrousd, spentMicrousd: spent.spentMicrousd }];
  const { dailyMicrousd, monthlyMicrousd } = spendingCaps(account);
  const period = new Date(alerts.creditedAt).toISOString();
  return [
    { of: "balance" as const, period, limitMicrousd: base, spentMicrousd: used },
    ...capped("day", dailyMicrousd, day),
    ...capped("month", monthlyMicrousd, month),
  ].filter(({ limitMicrousd }) => limitMicrousd > 0);
}

/** 100 % counts as reached once the rest can't pay for a minute, since nothing could spend it. */
function isReached({ limitMicrousd, spentMicrousd }: Spending, percent: number): boolean {
  if (spentMicrousd === 0) return false;
  if (spentMicrousd * 100 >= limitMicrousd * percent) return true;
  return percent === 100 && limitMicrousd - spentMicrousd < microusdPerMinute.lite;
}

/** A changed limit raises alerts again: an owner who raised a cap wants alerts for the new one. */
function isSame(one: Alert, other: Omit<Alert, "spentMicrousd" | "at">): boolean {
  return (
    one.of === other.of &&
    one.percent === other.percent &&
    one.period === other.period &&
    one.limitMicrousd === other.limitMicrousd
  );
}

function isOfPeriod(alert: Alert, { of, period }: Spending): boolean {
  return alert.of === of && alert.period === period;
}
