import { expect, test } from "vitest";
import { newMeter, noTokens } from "#shared/core/money/model-meter";
import { applyAll } from "./meter-queue.ts";

const caps = { callCostMaxMicrousd: 1_000, executionCostMaxMicrousd: 1_000, openCallsMax: 10 };
const answers = { done: () => undefined, fail: () => undefined };
const call = (id: string) => {
  return { id, ceilingMicrousd: 100, deadlineAt: 1_000, repeatable: null, now: 1 };
};
const reserve = (id: string) => ({ type: "reserve" as const, call: call(id), ...answers });
const reported = { type: "reported" as const, costMicrousd: 10, tokens: noTokens };

// What is held for a batch is counted after its ends; a reservation before them lacked that much.
test("MOD-2 a call that ends in the same commit frees its ceiling for one that came before", () => {
  const meter = { ...newMeter(), heldMicrousd: 120 };
  const open = applyAll(meter, [reserve("first")], caps).meter;
  const end = { type: "end" as const, id: "first", end: reported, ...answers };
  const { short, results, meter: after } = applyAll(open, [reserve("second"), end], caps);
  expect(short).toEqual([]);
  expect(results.get("second")).toEqual({ type: "reserved" });
  expect(after).toMatchObject({ chargedMicrousd: 10, calls: { second: { ceilingMicrousd: 100 } } });
});
