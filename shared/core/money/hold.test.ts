import { describe, expect, test } from "vitest";
import { accountWith, limits, now, request } from "../../../test/kit/sample-account.ts";
import type { Account } from "./account.ts";
import { hold, refusalOf } from "./hold.ts";
import { settle, settleLate } from "./settle.ts";

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
