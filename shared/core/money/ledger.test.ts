import { describe, expect, test } from "vitest";
import { accountWith, day, limits, now } from "../../../test/kit/sample-account.ts";
import { type Account, dayOf } from "./account.ts";
import { hold } from "./hold.ts";
import { addLine, differences, type LedgerLine, noLines } from "./ledger.ts";
import { settle } from "./settle.ts";

function charge(keyLineageId: string | null, chargedAt: number): LedgerLine {
  const days = { [dayOf(chargedAt)]: 1 };
  const amounts = { amountMicrousd: -1, lossMicrousd: 0, days };
  return { type: "charge", ...amounts, keyId: "key_own", keyLineageId, createdAt: chargedAt };
}

describe("BUD-7 the sums of a ledger", () => {
  test("know what keys spent on the newest days alone, so that they stay small", () => {
    let sums = noLines;
    for (let ago = 50; ago >= 0; ago -= 1) {
      for (const keyId of ["key_a", "key_b", ""]) {
        sums = addLine(sums, charge(keyId, now - ago * day));
      }
    }
    const days = Object.entries(sums.days);
    expect(days).toHaveLength(40);
    expect(days.every(([, { spentMicrousd }]) => spentMicrousd === 3)).toBe(true);
    const withKeys = days.filter(([, { keys }]) => Object.keys(keys).length > 0);
    const keys = { key_a: 1, key_b: 1 };
    expect(withKeys).toEqual(
      [now - day, now].map((time) => [dayOf(time), { spentMicrousd: 3, keys }]),
    );
  });

  test("count a line from before lineages to its key", () => {
    expect(addLine(noLines, charge(null, now)).days[dayOf(now)]?.keys).toEqual({ key_own: 1 });
  });

  test.each([
    ["with a ceiling for a day", 50, "key_a"],
    ["without one", null, ""],
  ])("agree with the account on what a key %s has spent", (_what, dayCostMaxMicrousd, counted) => {
    const asked = { executionId: "run_1", keyId: "key_a", amountMicrousd: 10, now, limits };
    const ceilings = { executionCostMaxMicrousd: null, dayCostMaxMicrousd };
    const held = hold(accountWith(), { ...asked, ceilings, expiresAt: now + day });
    if (!held.granted) throw new Error(held.refusal);
    const settled = settle(held.account, { id: "run_1", costMicrousd: 4, now });
    if (!settled) throw new Error("nothing was held");
    const { chargedDays: days, countedFor: keyLineageId } = settled;
    expect(keyLineageId).toBe(counted);
    const credited = { ...charge(null, now), type: "credit", amountMicrousd: 100 } as const;
    const charged = { ...charge(keyLineageId, now), amountMicrousd: -4, days };
    const sums = [credited, charged].reduce(addLine, noLines);
    expect(differences(settled.account, sums)).toEqual([]);
    const wrong: Account["keys"] = { key_a: { day: { key: dayOf(now), spentMicrousd: 5 } } };
    expect(differences({ ...settled.account, keys: wrong }, sums)).toMatchObject([
      { what: "key key_a", accountHas: 5 },
    ]);
  });
});
