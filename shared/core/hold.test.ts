import { describe, expect, test } from "vitest";
import { accountWith, limits, request } from "../../test/kit/sample-account.ts";
import type { Account } from "./account.ts";
import { hold, refusalOf } from "./hold.ts";

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

  test("may take all there is with its only execution: one key's account stays usable", () => {
    expect(hold(accountWith(), ask("run_1", 100)).granted).toBe(true);
  });

  test("runs fewer at once than the account may", () => {
    const account = holding(ask("run_1", 1), ask("run_2", 1));
    const refused = { refusal: "CONCURRENCY_LIMITED", whose: "key", running: 2, max: 2 };
    expect(hold(account, ask("run_3", 1))).toMatchObject(refused);
    expect(hold(account, ask("run_3", 1, "key_b")).granted).toBe(true);
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
