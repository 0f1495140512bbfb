import { describe, expect, test } from "vitest";
import { accountWith, day, held, now, request } from "../../../test/kit/sample-account.ts";
import { hold } from "./hold.ts";
import { settle, settleLate } from "./settle.ts";

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
      account: { balanceMicrousd: 75, spentMicrousd: 25 },
    });
    expect(settled?.account.holds).toEqual({});
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

describe("F2 what is held", () => {
  test("isn't spent, and comes back whole when nothing was used", () => {
    const before = accountWith({ dailyLimitMicrousd: 100 });
    const settled = settle(held(before, "run_1", 100), { id: "run_1", costMicrousd: 0, now });
    expect(settled?.account).toMatchObject({ spentMicrousd: 0, day: { spentMicrousd: 0 } });
    expect(hold(settled?.account ?? before, request("run_2", 100)).granted).toBe(true);
  });
});

describe("F13 a hold that nobody ended", () => {
  test("holds nothing back once its execution can't run any more", () => {
    const account = held(accountWith(), "run_1", 100);
    const later = now + day + 1;
    expect(hold(account, request("run_2", 100, later)).granted).toBe(true);
  });

  test("is charged late: at most what is free and what it held; the rest is the platform's loss", () => {
    const account = held(held(accountWith(), "run_1", 60), "run_2", 30, now + day + 1);
    const late = { keyId: "key_a", costMicrousd: 90, wasHeldMicrousd: 60, now: now + day + 1 };
    expect(settleLate({ ...account, dailyLimitMicrousd: 70 }, late)).toMatchObject({
      chargedMicrousd: 40,
      lossMicrousd: 50,
    });
  });
});

describe("F21 a cost that nobody knows", () => {
  test("is charged at the hold, never as nothing", () => {
    const settled = settle(held(accountWith(), "run_1", 60), {
      id: "run_1",
      costMicrousd: null,
      now,
    });
    expect(settled).toMatchObject({ chargedMicrousd: 60, lossMicrousd: 0 });
  });
});
