import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { draws } from "../../../test/kit/draws.ts";
import { now, limits as sampleLimits } from "../../../test/kit/sample-account.ts";
import { type Account, credit, heldMicrousd, newAccount, spendableMicrousd } from "./account.ts";
import { hold, partMicrousd, renew } from "./hold.ts";
import { settle } from "./settle.ts";

const balance = 1_000;
const firstMicrousd = 5;
const limits = {
  ...sampleLimits,
  keyHeldPercentMax: 50,
  executions: { max: 99, windowMs: 900_000 },
};
const ceilings = { executionCostMaxMicrousd: null, dayCostMaxMicrousd: null };
const [keyOne, keyTwo] = ["key_one", "key_two"];

function started(account: Account, executionId: string, keyId: string): Account | null {
  const until = { expiresAt: now + 900_000, now };
  const asked = { executionId, keyId, ceilings, amountMicrousd: firstMicrousd, limits, ...until };
  const result = hold(account, asked);
  return result.granted ? result.account : null;
}

/** Holds so much more for calls, of which so much was charged already. */
function called(account: Account, executionId: string, more: number, chargedMicrousd: number) {
  const held = account.holds[executionId];
  if (!held) return null;
  return renew(account, {
    ...{ executionId, part: "models", toMicrousd: partMicrousd(held, "models") + more, now },
    atLeastMicrousd: more,
    share: { chargedMicrousd, percentMax: limits.keyHeldPercentMax },
  });
}

const rich = () => credit(newAccount(now), balance, now);
const begun = (...pairs: readonly (readonly [id: string, key: string])[]) =>
  pairs.reduce((account, [id, key]) => {
    const next = started(account, id, key);
    if (!next) throw new Error("not started");
    return next;
  }, rich());

describe("BUD-9 model calls of one key", () => {
  test("hold no more than its share, whichever of its executions makes them", () => {
    const account = begun(["a", keyOne], ["b", keyOne]);
    const first = called(account, "a", 400, 0);
    expect(first).not.toBeNull();
    expect(called(first?.account ?? account, "b", 91, 0)).toBeNull();
    expect(called(first?.account ?? account, "b", 90, 0)).not.toBeNull();
  });

  test("may hold all that is left for the key's only execution", () => {
    const account = begun(["a", keyOne], ["b", keyTwo]);
    expect(called(account, "a", balance - 2 * firstMicrousd, 0)).not.toBeNull();
  });

  test("are bounded by what isn't charged yet, so a key may spend more than its share", () => {
    const account = begun(["a", keyOne], ["b", keyOne]);
    const first = called(account, "a", 400, 0)?.account ?? account;
    const charged = called(first, "a", 300, 390)?.account;
    expect(charged?.holds.a?.amountMicrousd).toBe(705);
    expect(called(charged ?? first, "b", 180, 0)).not.toBeNull();
    expect(called(charged ?? first, "b", 181, 0)).toBeNull();
  });

  test("are granted in part where that is enough", () => {
    const account = begun(["a", keyOne], ["b", keyOne]);
    const asked = { executionId: "a", part: "models", toMicrousd: 900, now } as const;
    const share = { chargedMicrousd: 0, percentMax: 50 };
    const renewed = renew(account, { ...asked, atLeastMicrousd: 100, share });
    expect(renewed?.heldMicrousd).toBe(490);
  });

  test("never keep another key from starting, if the key runs several", () => {
    const step = fc.record({
      do: fc.constantFrom("start", "call", "call", "call", "settle"),
      which: fc.nat(2),
      more: fc.integer({ min: 1, max: 300 }),
      chargedPercent: fc.nat(100),
    });
    let beside = 0;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let account = rich();
        const charged = new Map<string, number>();
        for (const { do: what, which, more, chargedPercent } of steps) {
          const id = `run_${which}`;
          const held = account.holds[id];
          if (what === "start" && !held) account = started(account, id, keyOne) ?? account;
          if (what === "call" && held) {
            const models = partMicrousd(held, "models");
            const before = charged.get(id) ?? 0;
            const spent = before + Math.floor(((models - before) * chargedPercent) / 100);
            charged.set(id, spent);
            const grown = called(account, id, more, spent);
            if (!grown) continue;
            account = grown.account;
            const open = Object.values(account.holds).reduce(
              (sum, each) => sum + each.amountMicrousd - (each.modelChargedMicrousd ?? 0),
              0,
            );
            const isAlone = Object.keys(account.holds).length === 1;
            if (!isAlone) {
              beside += 1;
              expect(open).toBeLessThanOrEqual(account.balanceMicrousd / 2);
            }
          }
          if (what === "settle" && held) {
            const costMicrousd = (charged.get(id) ?? 0) + 1;
            charged.delete(id);
            account = settle(account, { id, costMicrousd, now })?.account ?? account;
          }
          expect(heldMicrousd(account)).toBeLessThanOrEqual(account.balanceMicrousd);
          expect(spendableMicrousd(account)).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: draws(400) },
    );
    expect(beside).toBeGreaterThan(25);
  });
});
