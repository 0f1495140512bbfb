import { describe, expect, test } from "vitest";
import { type Account, credit, inPeriod, newAccount } from "./account.ts";
import { noticeAlerts } from "./budget-alerts.ts";

const now = Date.UTC(2026, 10, 23, 12);
const dollar = 1_000_000;

function credited(amountMicrousd: number, more: Partial<Account> = {}): Account {
  const before = { ...newAccount(now), ...more };
  return noticeAlerts(before, credit(before, amountMicrousd, now)).account;
}

/** The change of a settlement of `microusd`, and the alerts that it raises. */
function spend(before: Account, microusd: number, spentAt = now) {
  const account = inPeriod(before, spentAt);
  const added = <P extends Account["day"]>(period: P) => ({
    ...period,
    spentMicrousd: period.spentMicrousd + microusd,
  });
  return noticeAlerts(before, {
    ...account,
    balanceMicrousd: account.balanceMicrousd - microusd,
    day: added(account.day),
    month: added(account.month),
  });
}

const said = ({ raised }: { raised: readonly { of: string; percent: number }[] }) =>
  raised.map(({ of, percent }) => `${of} ${percent}`);

describe("noticeAlerts()", () => {
  test("alerts once when a percentage of the last credited balance is spent", () => {
    const half = spend(credited(dollar), dollar / 2);
    expect(said(half)).toEqual(["balance 50"]);
    const more = spend(half.account, 1_000);
    expect(said(more)).toEqual([]);
    const rest = spend(more.account, dollar / 2 - 1_000);
    expect(said(rest)).toEqual(["balance 80", "balance 100"]);
    expect(rest.account.alerts.raised).toHaveLength(3);
  });

  test("a credit is a new base, of which the percentages count again", () => {
    const spent = spend(credited(dollar), dollar).account;
    const again = noticeAlerts(spent, credit(spent, 2 * dollar, now + 1));
    expect(said(again)).toEqual([]);
    expect(said(spend(again.account, dollar, now + 1))).toEqual(["balance 50"]);
  });

  test("caps alert once in each of their periods", () => {
    const account = credited(100 * dollar, {
      dailyLimitMicrousd: dollar,
      monthlyLimitMicrousd: 10 * dollar,
    });
    const today = spend(account, 0.8 * dollar);
    expect(said(today)).toEqual(["day 50", "day 80"]);
    const tomorrow = spend(today.account, 0.5 * dollar, now + 86_400_000);
    expect(said(tomorrow)).toEqual(["day 50"]);
    const months = spend(tomorrow.account, 3.7 * dollar, now + 2 * 86_400_000);
    expect(said(months)).toEqual(["day 50", "day 80", "day 100", "month 50"]);
  });

  test("100 % counts as reached once the rest can't pay for a minute, and not before", () => {
    expect(said(spend(credited(dollar), dollar - 2_000))).not.toContain("balance 100");
    expect(said(spend(credited(dollar), dollar - 1_999))).toContain("balance 100");
  });

  test("a cap that is lowered below what is spent alerts at once", () => {
    const spent = spend(credited(100 * dollar), dollar).account;
    const lowered = noticeAlerts(spent, { ...spent, dailyLimitMicrousd: dollar });
    expect(said(lowered)).toEqual(["day 50", "day 80", "day 100"]);
    expect(said(noticeAlerts(lowered.account, lowered.account))).toEqual([]);
  });

  test("held money raises no alert", () => {
    const account = credited(dollar);
    const hold = {
      amountMicrousd: dollar,
      keyId: "key",
      day: account.day.key,
      month: account.month.key,
      expiresAt: now + 1,
      lineageId: null,
      modelMicrousd: 0,
      earlier: [],
      runId: null,
      executionMaxMicrousd: null,
      keyDayMaxMicrousd: null,
    };
    expect(noticeAlerts(account, { ...account, holds: { run: hold } }).raised).toEqual([]);
  });

  test("years of alerts don't outgrow the account, and those of today stay", () => {
    let account = credited(1_000 * dollar, { dailyLimitMicrousd: dollar });
    for (let day = 0; day < 100; day += 1) {
      account = spend(account, dollar, now + day * 86_400_000).account;
    }
    expect(account.alerts.raised.length).toBeLessThanOrEqual(20 + 3 + 3);
    const today = now + 99 * 86_400_000;
    expect(said(spend(account, 0, today))).toEqual([]);
  });

  test("a cap that changes again and again raises a bounded number of alerts a day", () => {
    let account = spend(credited(100 * dollar), dollar).account;
    let [days, months] = [0, 0];
    for (let step = 1; step <= 200; step += 1) {
      const changed = step % 2 === 0 ? "dailyLimitMicrousd" : "monthlyLimitMicrousd";
      const noticed = noticeAlerts(account, { ...account, [changed]: dollar + step });
      days += noticed.raised.filter(({ of }) => of === "day").length;
      months += noticed.raised.filter(({ of }) => of === "month").length;
      account = noticed.account;
    }
    expect([days, months]).toEqual([20, 20]);
    expect(account.alerts.raised.length).toBeLessThanOrEqual(20 + 3 * 20);
    const tomorrow = spend(account, dollar / 2 + 1_000, now + 86_400_000);
    expect(said(tomorrow)).toContain("day 50");
  });

  test("an owner who wants none gets none", () => {
    const account = credited(dollar);
    const silent = { ...account, alerts: { ...account.alerts, percents: [] } };
    expect(spend(silent, dollar).raised).toEqual([]);
  });
});
