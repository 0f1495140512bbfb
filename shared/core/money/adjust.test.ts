import { describe, expect, test } from "vitest";
import { credit, newAccount } from "./account.ts";
import { adjust, countAlone } from "./adjust.ts";

const now = Date.UTC(2026, 10, 23, 23, 59, 59);
const hold = {
  keyId: "key",
  day: "2026-11-23",
  month: "2026-11",
  lineageId: null,
  modelMicrousd: 0,
  earlier: [],
  runId: null,
  executionMaxMicrousd: null,
  keyDayMaxMicrousd: null,
  expiresAt: now + 1_000,
};
const account = {
  ...credit(newAccount(now), 1_000, now),
  holds: { run: { ...hold, amountMicrousd: 400 } },
};

describe("adjust()", () => {
  test.each([
    [500, 1_500],
    [-600, 400],
  ])("by %i leaves %i", (amount, left) => {
    expect(adjust(account, amount, now)?.balanceMicrousd).toBe(left);
  });

  test("never takes what is held", () => {
    expect(adjust(account, -601, now)).toBeNull();
  });

  test("credits an account with a negative balance", () => {
    const owing = { ...account, balanceMicrousd: -50, holds: {} };
    expect(adjust(owing, 20, now)?.balanceMicrousd).toBe(-30);
    expect(adjust(owing, -1, now)).toBeNull();
  });
});

describe("countAlone()", () => {
  test("counts what is given and what is taken, until the sum of a day is reached", () => {
    const once = countAlone(account, 600, 1_000);
    const twice = once && countAlone(once, -400, 1_000);
    expect(twice?.creditedAlone).toEqual({ key: "2026-11-23", spentMicrousd: 1_000 });
    expect(twice && countAlone(twice, 1, 1_000)).toBeNull();
  });

  test("begins again with the next day", () => {
    const full = countAlone(account, 1_000, 1_000);
    const tomorrow = full && adjust(full, 1, now + 1_000);
    expect(tomorrow && countAlone(tomorrow, 1_000, 1_000)).not.toBeNull();
  });
});
