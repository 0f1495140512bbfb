import { describe, expect, test } from "vitest";
import { accountWith, day, held, limits, now, request } from "../../../test/kit/sample-account.ts";
import { type Account, heldMicrousd, newAccount } from "./account.ts";
import { hold, refusalOf, renew } from "./hold.ts";
import { settle, settleLate } from "./settle.ts";

describe("BUD-1 hold()", () => {
  test("refuses without a positive balance", () => {
    const refused = hold(accountWith({ balanceMicrousd: 0 }), request("run_1", 1));
    expect(refused).toMatchObject({ granted: false, refusal: "INSUFFICIENT_BUDGET" });
  });

  test("grants the last micro-dollar and not one more", () => {
    expect(hold(accountWith(), request("run_1", 100)).granted).toBe(true);
    expect(hold(accountWith(), request("run_1", 101)).granted).toBe(false);
  });

  // Guards against the double spend: held money is gone, although it isn't charged yet.
  test("counts what is held for others as gone", () => {
    const account = held(accountWith(), "run_1", 60);
    const refused = hold(account, request("run_2", 41));
    expect(refused).toMatchObject({ refusal: "INSUFFICIENT_BUDGET" });
    expect(hold(account, request("run_2", 40)).granted).toBe(true);
  });
});

describe("BUD-2 caps", () => {
  test("the daily cap refuses with its numbers and the next midnight", () => {
    const account = held(accountWith({ dailyLimitMicrousd: 50 }), "run_1", 30);
    expect(hold(account, request("run_2", 21))).toEqual({
      granted: false,
      refusal: "BUDGET_LIMIT_DAILY",
      shortfall: {
        limitMicrousd: 50,
        spentMicrousd: 0,
        heldMicrousd: 30,
        requiredMicrousd: 21,
        resetsAt: Date.UTC(2026, 10, 23),
      },
    });
  });

  test("the monthly cap refuses until the next month", () => {
    const account = accountWith({ monthlyLimitMicrousd: 10 });
    const refused = hold(account, request("run_1", 11));
    expect(refused).toMatchObject({
      refusal: "BUDGET_LIMIT_MONTHLY",
      shortfall: { resetsAt: Date.UTC(2026, 11, 1) },
    });
  });

  test("a run over midnight counts against the day it began", () => {
    const account = held(accountWith({ dailyLimitMicrousd: 50 }), "run_1", 50);
    const tomorrow = now + 2 * 60_000;
    const next = held(account, "run_2", 50, tomorrow);
    const settled = settle(next, { id: "run_1", costMicrousd: 40, now: tomorrow });
    expect(settled?.account.day).toEqual({ key: "2026-11-23", spentMicrousd: 0 });
    expect(settled?.account.balanceMicrousd).toBe(60);
  });
});

describe("BUD-2 a hold over midnight and the end of a month", () => {
  const evening = Date.UTC(2026, 9, 31, 23, 59);
  const morning = evening + 2 * 60_000;
  const capped = { ...newAccount(evening), balanceMicrousd: 100, dailyLimitMicrousd: 50 };

  function renewed() {
    const before = held(capped, "run_1", 40, evening);
    const by = { part: "time", toMicrousd: 65, atLeastMicrousd: 1, now: morning } as const;
    const result = renew(before, { executionId: "run_1", ...by });
    if (!result) throw new Error("not renewed");
    return result.account;
  }

  test("counts each slice against the day and the month it was taken in", () => {
    const account = renewed();
    expect(heldMicrousd(account, { day: "2026-10-31", month: "2026-10" })).toBe(40);
    expect(heldMicrousd(account, { day: "2026-11-01", month: "2026-11" })).toBe(25);
    expect(hold(account, request("run_2", 26, morning)).granted).toBe(false);
    expect(hold(account, request("run_2", 25, morning)).granted).toBe(true);
  });

  test("charges the older day first, for that is when it ran", () => {
    const settled = settle(renewed(), { id: "run_1", costMicrousd: 45, now: morning });
    expect(settled?.chargedDays).toEqual({ "2026-10-31": 40, "2026-11-01": 5 });
    expect(settled?.account).toMatchObject({
      day: { key: "2026-11-01", spentMicrousd: 5 },
      month: { key: "2026-11", spentMicrousd: 5 },
      spentMicrousd: 45,
    });
  });

  test("doesn't restart a day if a clock is behind", () => {
    const spent = settle(held(capped, "run_1", 50, morning), {
      id: "run_1",
      costMicrousd: 50,
      now: morning,
    });
    if (!spent) throw new Error("not settled");
    const refused = hold(spent.account, request("run_2", 1, evening));
    expect(refused).toMatchObject({ refusal: "BUDGET_LIMIT_DAILY" });
  });
});

describe("BUD-2 a key's ceilings", () => {
  test.each([
    ["on one execution", { executionCostMaxMicrousd: 20 }, 20, null],
    ["on a UTC day", { dayCostMaxMicrousd: 50 }, 50, Date.UTC(2026, 10, 23)],
  ])("%s refuse with BUDGET_LIMIT_KEY and their numbers", (_what, ceiling, limit, resetsAt) => {
    const account = held(accountWith(), "run_1", 30);
    const asked = request("run_2", 21);
    const ceilings = { ...asked.ceilings, ...ceiling };
    const of = { limitMicrousd: limit, requiredMicrousd: 21, resetsAt };
    expect(hold(account, { ...asked, ceilings })).toMatchObject({
      refusal: "BUDGET_LIMIT_KEY",
      shortfall: of,
    });
    const other = {
      ...asked,
      keyId: "key_b",
      ceilings: { ...ceilings, executionCostMaxMicrousd: null },
    };
    expect(hold(account, other).granted).toBe(true);
  });

  test("for a day count that day's spending, and begin again the next day", () => {
    const asked = request("run_2", 31);
    const ceilings = { ...asked.ceilings, dayCostMaxMicrousd: 60 };
    const began = hold(accountWith(), { ...request("run_1", 30), ceilings });
    if (!began.granted) throw new Error(began.refusal);
    const spent = settle(began.account, { id: "run_1", costMicrousd: 30, now });
    if (!spent) throw new Error("not settled");
    expect(hold(spent.account, { ...asked, ceilings }).granted).toBe(false);
    const tomorrow = { ...request("run_2", 31, now + day), ceilings };
    expect(hold(spent.account, tomorrow).granted).toBe(true);
    expect(
      settle(held(spent.account, "run_3", 1, now + day), {
        id: "run_3",
        costMicrousd: 0,
        now: now + day,
      })?.account.keys,
    ).toEqual({});
  });
});

describe("LIM-2 hold()", () => {
  test.each([
    ["the window", { executions: { max: 1, windowMs: 900_000 } }, 1, "RATE_LIMITED"],
    ["concurrency", { concurrentMax: 1 }, 1, "CONCURRENCY_LIMITED"],
    ["the key's share", { keyHeldPercentMax: 1 }, 1, "KEY_SHARE_LIMITED"],
    ["the balance", {}, 1_000, "INSUFFICIENT_BUDGET"],
  ])("refused by %s, takes nothing of the others", (_what, tighter, amount, refusal) => {
    const before = held(accountWith(), "run_1", 1);
    const snapshot = structuredClone(before);
    const asked = { ...request("run_2", amount), limits: { ...limits, ...tighter } };
    expect(hold(before, asked)).toMatchObject({ refusal });
    expect(before).toEqual(snapshot);
  });
});

describe("BUD-9 one key", () => {
  const shared = { ...limits, keyHeldPercentMax: 50, keyConcurrentMax: 2, concurrentMax: 3 };
  const ask = (id: string, amount: number, keyId = "key_a") => ({
    ...request(id, amount),
    keyId,
    limits: shared,
  });

  function holding(...asks: readonly ReturnType<typeof ask>[]): Account {
    return asks.reduce((account, one) => {
      const result = hold(account, one);
      if (!result.granted) throw new Error(result.refusal);
      return result.account;
    }, accountWith());
  }

  test("holds at most its share of the balance at once, and leaves the rest to others", () => {
    const account = holding(ask("run_1", 40));
    expect(hold(account, ask("run_2", 11))).toMatchObject({ refusal: "KEY_SHARE_LIMITED" });
    expect(hold(account, ask("run_2", 10)).granted).toBe(true);
    expect(hold(account, ask("run_2", 50, "key_b")).granted).toBe(true);
  });

  test("may hold the whole balance with its only execution", () => {
    expect(hold(accountWith(), ask("run_1", 100)).granted).toBe(true);
  });

  test("runs fewer at once than the account may", () => {
    const account = holding(ask("run_1", 1), ask("run_2", 1));
    const refused = { refusal: "CONCURRENCY_LIMITED", whose: "key", running: 2, max: 2 };
    expect(hold(account, ask("run_3", 1))).toMatchObject(refused);
    expect(hold(account, ask("run_3", 1, "key_b")).granted).toBe(true);
  });
});

describe("a key that was rotated", () => {
  const rotated = (id: string, amount: number, limited: Partial<typeof limits> = {}) => ({
    ...request(id, amount),
    keyId: "key_b",
    lineageId: "key_a",
    ceilings: { executionCostMaxMicrousd: null, dayCostMaxMicrousd: 50 },
    limits: { ...limits, ...limited },
  });
  const started = (asked: Parameters<typeof hold>[1]) => {
    const result = hold(accountWith(), asked);
    if (!result.granted) throw new Error(result.refusal);
    return result.account;
  };

  test("has what is left of its day, whether it was held or spent", () => {
    const { ceilings } = rotated("run_1", 30);
    const account = started({ ...request("run_1", 30), ceilings });
    expect(hold(account, rotated("run_2", 21))).toMatchObject({ refusal: "BUDGET_LIMIT_KEY" });
    const settled = settle(account, { id: "run_1", costMicrousd: 30, now });
    expect(hold(settled?.account ?? account, rotated("run_2", 21)).granted).toBe(false);
    expect(hold(settled?.account ?? account, rotated("run_2", 20)).granted).toBe(true);
  });

  test.each([
    ["window", { executions: { max: 1, windowMs: 900_000 } }, "RATE_LIMITED"],
    ["places", { keyConcurrentMax: 1 }, "CONCURRENCY_LIMITED"],
    ["share", { keyHeldPercentMax: 10 }, "KEY_SHARE_LIMITED"],
  ])("goes on in its %s", (_what, limited, refusal) => {
    const account = started(request("run_1", 10));
    expect(hold(account, rotated("run_2", 10, limited))).toMatchObject({ refusal });
  });

  test("is charged where its successor will be", () => {
    const ceilings = { executionCostMaxMicrousd: null, dayCostMaxMicrousd: 50 };
    const account = started({ ...rotated("run_1", 30), ceilings });
    const late = { keyId: "key_b", lineageId: "key_a", costMicrousd: 5, wasHeldMicrousd: 5, now };
    const settled = settle(account, { id: "run_1", costMicrousd: 30, now });
    const after = settleLate(settled?.account ?? account, late);
    expect(after.account.keys).toEqual({
      key_a: { day: { key: "2026-11-22", spentMicrousd: 35 } },
    });
    expect([settled?.countedFor, after.countedFor]).toEqual(["key_a", "key_a"]);
  });
});

describe("refusalOf() (F17)", () => {
  test.each([
    ["granted", request("run_2", 100), null],
    ["refused for money", request("run_2", 101), "INSUFFICIENT_BUDGET"],
  ])("says what a hold would say: %s", (_what, asked, refusal) => {
    const account = accountWith();
    const { executionId: _id, expiresAt: _expiry, ...question } = asked;
    expect(refusalOf(account, question)?.refusal ?? null).toBe(refusal);
    expect(hold(account, asked).granted).toBe(refusal === null);
  });
});
