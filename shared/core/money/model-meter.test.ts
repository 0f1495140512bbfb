import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { draws } from "../../../test/kit/draws.ts";
import { newAccount } from "./account.ts";
import { hold, partMicrousd, renew } from "./hold.ts";
import {
  closeMeter,
  committedMicrousd,
  endCall,
  type ModelMeter,
  newMeter,
  noTokens,
  reserveCall,
} from "./model-meter.ts";
import { settle } from "./settle.ts";

const now = Date.UTC(2026, 10, 29);
const caps = { callCostMaxMicrousd: 500, executionCostMaxMicrousd: 2_000, openCallsMax: 8 };
const held = (heldMicrousd: number): ModelMeter => ({ ...newMeter(), heldMicrousd });
const call = (id: string, ceilingMicrousd = 100) => ({
  ...{ id, ceilingMicrousd, deadlineAt: now + 1_000, repeatable: null, now },
});
const reported = (costMicrousd: number) =>
  ({ type: "reported", costMicrousd, tokens: noTokens }) as const;

function reserved(meter: ModelMeter, asked: Parameters<typeof reserveCall>[1]): ModelMeter {
  const result = reserveCall(meter, asked, caps);
  if (result.type !== "reserved") throw new Error(result.type);
  return result.meter;
}

const digests = { keySha256: "a".repeat(64), requestSha256: "b".repeat(64) };

describe("MOD-2 a call's ceiling is held before it goes out", () => {
  test("a call whose ceiling isn't covered is short of the rest, to the micro-dollar", () => {
    const one = reserved(held(150), call("one"));
    expect(reserveCall(one, call("two", 50), caps).type).toBe("reserved");
    const short = reserveCall(one, call("two", 51), caps);
    expect(short).toMatchObject({ type: "short", missingMicrousd: 1 });
  });

  test.each([
    ["CALL_COST_MAX", held(9_999), call("one", 501)],
    ["EXECUTION_COST_MAX", { ...held(9_999), chargedMicrousd: 1_901 }, call("one")],
    ["EXECUTION_ENDED", closeMeter(held(9_999), now), call("one")],
  ])("refuses %s", (refusal, meter, asked) => {
    expect(reserveCall(meter, asked, caps)).toEqual({ type: "refused", refusal });
  });

  test("a call whose process died is charged its ceiling once nobody can wait for it", () => {
    const one = reserved(held(200), call("one"));
    const later = reserved(one, { ...call("two"), now: now + 1_000, deadlineAt: now + 5_000 });
    expect(later).toMatchObject({ chargedMicrousd: 100, unknownCount: 1 });
    expect(endCall(later, "one", reported(1)).chargedMicrousd).toBe(100);
  });
});

describe("MOD-3 what the provider reports is charged once", () => {
  test("the report replaces the ceiling, no report is the ceiling, a refusal is free", () => {
    const open = reserved(reserved(reserved(held(300), call("a")), call("b")), call("c"));
    const ended = endCall(endCall(open, "a", reported(7)), "b", { type: "unknown" });
    const free = endCall(ended, "c", { type: "free" });
    expect(free).toMatchObject({ chargedMicrousd: 107, unknownCount: 1 });
    expect(free.calls).toEqual({});
    expect(endCall(free, "a", reported(7))).toBe(free);
  });

  test("a report above the ceiling takes what is free, and the rest is a loss", () => {
    const open = reserved(reserved(held(250), call("a")), call("b"));
    const ended = endCall(open, "a", reported(400));
    expect(ended).toMatchObject({ chargedMicrousd: 150, lossMicrousd: 250 });
  });

  test("a repeated idempotency key makes no second call, and is free again after a refusal", () => {
    const asked = { ...call("one"), repeatable: digests };
    const again = { ...asked, id: "two" };
    const open = reserved(held(500), asked);
    const refusal = (meter: ModelMeter, next = again) => reserveCall(meter, next, caps);
    expect(refusal(open)).toMatchObject({ refusal: "CALL_IN_PROGRESS" });
    expect(refusal(endCall(open, "one", reported(9)))).toMatchObject({ refusal: "CALL_CHARGED" });
    expect(refusal(endCall(open, "one", { type: "free" })).type).toBe("reserved");
    const other = { ...again, repeatable: { ...digests, requestSha256: "c".repeat(64) } };
    expect(refusal(open, other)).toMatchObject({ refusal: "KEY_USED" });
  });
});

const limits = {
  executions: { max: 10, windowMs: 60_000 },
  ownerExecutions: null,
  ...{ concurrentMax: 9, keyConcurrentMax: 9, keyHeldPercentMax: 100 },
};
const action = fc.oneof(
  fc.record({ do: fc.constant("start" as const), ceiling: fc.integer({ min: 0, max: 300 }) }),
  fc.record({
    do: fc.constant("end" as const),
    which: fc.nat(20),
    /** More than any ceiling at times, as if the provider's prices had changed. */
    cost: fc.option(fc.integer({ min: 0, max: 400 })),
    /** An answer that was lost is applied twice. */
    isRepeated: fc.boolean(),
  }),
  fc.record({ do: fc.constant("wait" as const), ms: fc.nat(2_000) }),
);

test("MOD-2 no order of calls, kills and lost answers charges more than was held", () => {
  const start = fc.integer({ min: 200, max: 3_000 });
  fc.assert(
    fc.property(start, fc.array(action, { maxLength: 60 }), (balance, actions) => {
      const ceilings = { executionCostMaxMicrousd: null, dayCostMaxMicrousd: null };
      const first = { executionId: "run", keyId: "key", ceilings, limits };
      const begun = hold(
        { ...newAccount(now), balanceMicrousd: balance },
        { ...first, amountMicrousd: 100, expiresAt: now + 9_999_999, now },
      );
      if (!begun.granted) throw new Error("not granted");
      let { account } = begun;
      let meter = newMeter();
      let at = now;
      let next = 0;
      for (const step of actions) {
        if (step.do === "wait") at += step.ms;
        if (step.do === "start") {
          const id = `call-${next++}`;
          const asked = { ...call(id, step.ceiling), now: at, deadlineAt: at + 3_000 };
          const result = reserveCall(meter, asked, caps);
          if (result.type === "refused") continue;
          meter = result.meter;
          if (result.type === "short") {
            const toMicrousd = meter.heldMicrousd + result.missingMicrousd;
            const least = { atLeastMicrousd: result.missingMicrousd, now: at };
            const more = renew(account, {
              executionId: "run",
              part: "models",
              toMicrousd,
              ...least,
            });
            if (!more) continue;
            account = more.account;
            meter = reserved({ ...meter, heldMicrousd: more.heldMicrousd }, asked);
          }
        }
        if (step.do === "end") {
          const end = step.cost === null ? ({ type: "unknown" } as const) : reported(step.cost);
          meter = endCall(meter, `call-${step.which}`, end);
          if (step.isRepeated) meter = endCall(meter, `call-${step.which}`, end);
        }
        expect(committedMicrousd(meter)).toBeLessThanOrEqual(meter.heldMicrousd);
        const { run } = account.holds;
        expect(run && partMicrousd(run, "models")).toBe(meter.heldMicrousd);
      }
      const open = committedMicrousd(meter);
      const closed = closeMeter(meter, at);
      expect(closed.chargedMicrousd).toBe(open);
      const costMicrousd = 100 + closed.chargedMicrousd;
      const ended = settle(account, { id: "run", costMicrousd, now: at });
      expect(ended).toMatchObject({ chargedMicrousd: costMicrousd, lossMicrousd: 0 });
      expect(ended?.account.balanceMicrousd).toBe(balance - costMicrousd);
      expect(balance - costMicrousd).toBeGreaterThanOrEqual(0);
    }),
    { numRuns: draws(1_000) },
  );
});
