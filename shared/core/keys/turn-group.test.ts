import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type TurnKey, turnGroupFrom, turnGroupOf } from "./turn-group.ts";

const dayMs = 86_400_000;
const apart = { turnGroup: null, turnGroupUntil: null };
const operators: TurnKey = { id: "key_first", lineageId: null, ...apart };

function made(maker: TurnKey, id: string, now: number): TurnKey {
  return { id, lineageId: null, ...turnGroupFrom(maker, now) };
}

describe("KEY-10 a key's turn", () => {
  test("is its maker's for a day, and its own afterwards", () => {
    const key = made(operators, "key_a", 1_000);
    expect(turnGroupOf(key, 1_000 + dayMs - 1)).toBe("key_first");
    expect(turnGroupOf(key, 1_000 + dayMs)).toBe("key_a");
  });

  test("is its lineage's if an operator made it", () => {
    expect(turnGroupOf({ ...operators, lineageId: "key_before" }, 0)).toBe("key_before");
  });

  test("is that of the stolen key, however the keys are made that come from it", () => {
    const steps = fc.array(fc.record({ from: fc.nat(), waitMs: fc.nat({ max: 3 * dayMs }) }));
    fc.assert(
      fc.property(steps, (all) => {
        let now = dayMs;
        const keys = [made(operators, "key_stolen", 0)];
        for (const [index, { from, waitMs }] of all.entries()) {
          now += waitMs;
          const maker = keys[from % keys.length] ?? operators;
          keys.push(made(maker, `key_${index}`, now));
        }
        for (const key of keys) expect(turnGroupOf(key, now)).toBe("key_stolen");
      }),
    );
  });
});
