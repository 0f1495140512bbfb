/** What a run holds, and what its steps' executions take of it. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { deploymentLimits } from "../../config.ts";
import { type Account, credit, heldMicrousd, newAccount, spendableMicrousd } from "./account.ts";
import { hold, renew } from "./hold.ts";
import { holdRun } from "./hold-run.ts";
import { holdDifferences } from "./ledger.ts";
import { releaseRun, runDifferences } from "./run-hold.ts";
import { settle } from "./settle.ts";

const now = Date.UTC(2026, 0, 1, 12);
const dayMs = 86_400_000;
const ceilings = { executionCostMaxMicrousd: null, dayCostMaxMicrousd: null };
const wide = { ...deploymentLimits(), concurrentMax: 500, keyConcurrentMax: 500 };
const limits = { ...wide, executions: { max: 10_000, windowMs: 60_000 }, ownerExecutions: null };
const key = { keyId: "key_1", lineageId: null, ceilings, now, limits };
const rich = credit(newAccount(now), 1_000_000, now);

function withRun(account: Account, amountMicrousd: number): Account {
  const held = holdRun(account, {
    ...{ ...key, runId: "orun_1", orchestrationId: "orch_1", amountMicrousd },
    ...{ expiresAt: now + dayMs, runsMax: 2 },
  });
  if (!held.granted) throw new Error("refused");
  return held.account;
}

function start(account: Account, executionId: string, amountMicrousd: number) {
  const expiresAt = now + 2 * dayMs;
  return hold(account, { ...key, executionId, amountMicrousd, expiresAt, runId: "orun_1" });
}

describe("AUT-4 the hold of a run", () => {
  test("is taken from what is spendable at once, or refused", () => {
    expect(spendableMicrousd(withRun(rich, 600_000))).toBe(400_000);
    expect(() => withRun(rich, 1_000_001)).toThrow();
    const second = { ...key, runId: "orun_2", orchestrationId: "o", amountMicrousd: 400_001 };
    const refused = holdRun(withRun(rich, 600_000), {
      ...{ ...second, expiresAt: now + 1, runsMax: 2 },
    });
    expect(refused).toMatchObject({ refusal: { refusal: "INSUFFICIENT_BUDGET" } });
    const tooMany = holdRun(withRun(rich, 1), { ...second, expiresAt: now + 1, runsMax: 1 });
    expect(tooMany).toMatchObject({ refusal: "RUNS_LIMITED" });
  });

  test("counts as a start, of its key and of the account, though no step may ever run", () => {
    const asked = { ...key, orchestrationId: "o", amountMicrousd: 1, expiresAt: now + 1 };
    const runsMax = 100;
    const of = (max: number) => ({ max, windowMs: 60_000 });
    for (const [own, whose] of [
      [{ ...limits, executions: of(2) }, "key"],
      [{ ...limits, ownerExecutions: of(2) }, "owner"],
    ] as const) {
      let account = rich;
      for (const runId of ["orun_1", "orun_2"]) {
        const held = holdRun(account, { ...asked, limits: own, runId, runsMax });
        if (!held.granted) throw new Error("refused");
        // All its steps were skipped, and nothing of it is left but its count.
        account = releaseRun(held.account, runId);
      }
      const third = holdRun(account, { ...asked, limits: own, runId: "orun_3", runsMax });
      expect(third).toMatchObject({ refusal: { refusal: "RATE_LIMITED", whose } });
      const message = { ...asked, limits: own, executionId: "run_1" };
      expect(hold(account, message)).toMatchObject({ refusal: "RATE_LIMITED", whose });
      const later = { ...asked, limits: own, now: now + 2 * dayMs, expiresAt: now + 3 * dayMs };
      expect(holdRun(account, { ...later, runId: "orun_3", runsMax }).granted).toBe(true);
    }
  });

  test("pays for its steps alone, whatever the balance has", () => {
    const account = withRun(rich, 1_000);
    expect(start(account, "run_1", 1_001)).toMatchObject({ refusal: "INSUFFICIENT_BUDGET" });
    const first = start(account, "run_1", 600);
    if (!first.granted) throw new Error("refused");
    const wanted = { executionId: "run_1", part: "models", toMicrousd: 5_000, now } as const;
    const renewed = renew(first.account, { ...wanted, atLeastMicrousd: 1 });
    expect(renewed?.holdMicrousd).toBe(1_000);
    expect(renew(renewed?.account ?? rich, { ...wanted, atLeastMicrousd: 1 })).toBeNull();
    expect(spendableMicrousd(renewed?.account ?? rich)).toBe(999_000);
  });

  test("counts for the day on which the run began, also after midnight", () => {
    const first = start(withRun(rich, 1_000), "run_1", 400);
    if (!first.granted) throw new Error("refused");
    const tomorrow = now + dayMs / 2;
    const renewed = renew(first.account, {
      ...{ executionId: "run_1", part: "time", toMicrousd: 700, atLeastMicrousd: 1 },
      now: tomorrow,
    });
    if (!renewed) throw new Error("refused");
    const settled = settle(renewed.account, { id: "run_1", costMicrousd: 700, now: tomorrow });
    expect(settled?.chargedDays).toEqual({ "2026-01-01": 700 });
    expect(settled?.account.day.spentMicrousd).toBe(0);
  });

  test("is free again when the run ends, and what still runs gives back to the balance", () => {
    const first = start(withRun(rich, 1_000), "run_1", 400);
    if (!first.granted) throw new Error("refused");
    const ended = releaseRun(first.account, "orun_1");
    expect(heldMicrousd(ended)).toBe(400);
    const more = { executionId: "run_1", part: "time", toMicrousd: 500, now } as const;
    expect(renew(ended, { ...more, atLeastMicrousd: 1 })).toBeNull();
    const settled = settle(ended, { id: "run_1", costMicrousd: 100, now });
    expect(spendableMicrousd(settled?.account ?? rich)).toBe(999_900);
  });
});

const step = fc.oneof(
  fc.record({ do: fc.constant("start" as const), amount: fc.integer({ min: 1, max: 400 }) }),
  fc.record({ do: fc.constant("renew" as const), amount: fc.integer({ min: 1, max: 900 }) }),
  fc.record({ do: fc.constant("settle" as const), amount: fc.integer({ min: 0, max: 900 }) }),
  fc.record({ do: fc.constant("lose" as const), amount: fc.constant(0) }),
  fc.record({ do: fc.constant("wait" as const), amount: fc.integer({ min: 1, max: 20 }) }),
);

test("AUT-4 a run's steps together never spend more than it held, whatever happens to them", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const total = 1_000;
      let account = withRun(rich, total);
      let at = now;
      let charged = 0;
      const open: string[] = [];
      for (const [index, { do: what, amount }] of steps.entries()) {
        const [oldest] = open;
        if (what === "wait") at += (amount * dayMs) / 20;
        if (what === "start") {
          const id = `run_${index}`;
          const asked = { ...key, executionId: id, amountMicrousd: amount, now: at };
          const held = hold(account, { ...asked, expiresAt: at + dayMs, runId: "orun_1" });
          if (held.granted) {
            account = held.account;
            open.push(id);
          }
        }
        if (what === "renew" && oldest) {
          const wanted = { part: "time", toMicrousd: amount, atLeastMicrousd: 1 } as const;
          account = renew(account, { executionId: oldest, ...wanted, now: at })?.account ?? account;
        }
        if ((what === "settle" || what === "lose") && oldest) {
          open.shift();
          const costMicrousd = what === "lose" ? null : amount;
          const settled = settle(account, { id: oldest, costMicrousd, now: at });
          if (!settled) continue;
          account = settled.account;
          charged += settled.chargedMicrousd;
        }
        expect(charged).toBeLessThanOrEqual(total);
        expect(runDifferences(account)).toEqual([]);
        const carved = Object.values(account.holds).reduce(
          (sum, one) => sum + one.amountMicrousd,
          0,
        );
        const left = account.runs.orun_1?.amountMicrousd ?? 0;
        expect(charged + carved + left).toBeLessThanOrEqual(total);
        expect(spendableMicrousd(account)).toBeGreaterThanOrEqual(1_000_000 - total);
        const known = Object.entries(account.holds).map(([id, { amountMicrousd }]) => ({
          ...{ id, holdMicrousd: amountMicrousd },
        }));
        expect(holdDifferences(account, known)).toEqual([]);
      }
    }),
  );
});
