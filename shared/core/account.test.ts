import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Account, credit, heldMicrousd, newAccount } from "./account.ts";
import { type HoldLimits, hold } from "./hold.ts";
import { settle } from "./settle.ts";

const now = Date.UTC(2026, 10, 22, 23, 59, 0);
const day = 86_400_000;

const limits: HoldLimits = {
  executions: { max: 1_000, windowMs: 900_000 },
  ownerExecutions: null,
  concurrentMax: 500,
  keyConcurrentMax: 500,
  keyHeldPercentMax: 100,
};

function accountWith(fields: Partial<Account> = {}): Account {
  return { ...newAccount(now), balanceMicrousd: 100, ...fields };
}

function request(executionId: string, amountMicrousd: number, at = now) {
  const ceilings = { executionCostMaxMicrousd: null, dayCostMaxMicrousd: null };
  const asked = { executionId, keyId: "key_a", ceilings, amountMicrousd, now: at };
  return { ...asked, expiresAt: at + day, limits };
}

function held(account: Account, executionId: string, amountMicrousd: number, at = now): Account {
  const result = hold(account, request(executionId, amountMicrousd, at));
  if (!result.granted) throw new Error(result.refusal);
  return result.account;
}

describe("BUD-1 hold()", () => {
  test("refuses without a positive balance", () => {
    const refused = hold(accountWith({ balanceMicrousd: 0 }), request("run_1", 1));
    expect(refused).toMatchObject({ granted: false, refusal: "INSUFFICIENT_BUDGET" });
  });

  test("grants the last micro-dollar and not one more", () => {
    expect(hold(accountWith(), request("run_1", 100)).granted).toBe(true);
    expect(hold(accountWith(), request("run_1", 101)).granted).toBe(false);
  });

  // Guards the double spend: held money is gone, though nobody has been charged for it yet.
  test("counts what is held for others as gone", () => {
    const account = held(accountWith(), "run_1", 60);
    expect(hold(account, request("run_2", 41)).granted).toBe(false);
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

describe("BUD-4 settle()", () => {
  test("charges what was used and releases the rest", () => {
    const settled = settle(held(accountWith(), "run_1", 60), {
      id: "run_1",
      costMicrousd: 25,
      now,
    });
    expect(settled).toMatchObject({
      chargedMicrousd: 25,
      releasedMicrousd: 35,
      lossMicrousd: 0,
      account: { balanceMicrousd: 75, spentMicrousd: 25, holds: {} },
    });
  });

  test("charges at most what was held; the rest is the platform's loss", () => {
    const settled = settle(held(accountWith(), "run_1", 60), {
      id: "run_1",
      costMicrousd: 90,
      now,
    });
    expect(settled).toMatchObject({ chargedMicrousd: 60, lossMicrousd: 30 });
  });

  test("settles once", () => {
    const once = settle(held(accountWith(), "run_1", 60), { id: "run_1", costMicrousd: 1, now });
    expect(once && settle(once.account, { id: "run_1", costMicrousd: 1, now })).toBeNull();
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

describe("BUD-3 any interleaving of holds, settlements and credits", () => {
  const step = fc.oneof(
    fc.record({
      do: fc.constant("hold" as const),
      id: fc.nat(20),
      amount: fc.integer({ min: 1, max: 60 }),
    }),
    fc.record({ do: fc.constant("settle" as const), id: fc.nat(20), amount: fc.nat(90) }),
    fc.record({
      do: fc.constant("credit" as const),
      id: fc.nat(20),
      amount: fc.integer({ min: 1, max: 50 }),
    }),
  );

  test("never spends more than was credited, and the balance is the sum of the ledger", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let account = newAccount(now);
        const ledger: number[] = [];
        for (const { do: what, id, amount } of steps) {
          const executionId = `run_${id}`;
          if (what === "credit") {
            account = credit(account, amount, now);
            ledger.push(amount);
          } else if (what === "hold" && !account.holds[executionId]) {
            const result = hold(account, request(executionId, amount));
            if (result.granted) account = result.account;
          } else if (what === "settle") {
            const settled = settle(account, { id: executionId, costMicrousd: amount, now });
            if (settled) ledger.push(-settled.chargedMicrousd);
            account = settled?.account ?? account;
          }
          expect(account.balanceMicrousd - heldMicrousd(account)).toBeGreaterThanOrEqual(0);
        }
        expect(account.balanceMicrousd).toBe(ledger.reduce((sum, line) => sum + line, 0));
      }),
      { numRuns: 2_000 },
    );
  });
});

test("a hold from before slices holds what it held, all of it of its day", () => {
  const stored = readFileSync("test/fixtures/documents/account-before-slices.json", "utf8");
  const account = Account.parse(JSON.parse(stored));
  expect(heldMicrousd(account, { day: "2026-01-31", month: "2026-01" })).toBe(20_000);
  expect(account.limits.concurrentMax).toBeNull();
});
