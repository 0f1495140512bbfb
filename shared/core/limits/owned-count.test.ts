import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Counted, type OwnedCounts, withOneMore } from "./owned-count.ts";

describe("TEN-2 withOneMore()", () => {
  test("counts without reading, and counts again once the account seems full", () => {
    expect(withOneMore({ atMost: 3, made: 9 }, null, 5)).toEqual({ atMost: 4, made: 10 });
    expect(withOneMore({ atMost: 5, made: 9 }, null, 5)).toBe("unknown");
    const counted = { count: 2, made: 9 };
    expect(withOneMore({ atMost: 5, made: 9 }, counted, 5)).toEqual({ atMost: 3, made: 10 });
    expect(withOneMore({ atMost: 5, made: 9 }, { count: 5, made: 9 }, 5)).toBe("full");
  });

  test("takes no count that was made before somebody else made one", () => {
    expect(withOneMore({ atMost: 5, made: 9 }, { count: 4, made: 8 }, 5)).toBe("unknown");
    expect(withOneMore({ atMost: 5, made: 9 }, { count: 4, made: null }, 5)).toBe("unknown");
  });

  test("begins by counting what an account made before it was counted", () => {
    expect(withOneMore(undefined, null, 5)).toBe("unknown");
    expect(withOneMore(undefined, { count: 5, made: null }, 5)).toBe("full");
    expect(withOneMore(undefined, { count: 1, made: null }, 5)).toEqual({ atMost: 2, made: 1 });
  });

  test("never lets more live than may, whatever is deleted, and refuses only if it must", () => {
    const step = fc.constantFrom("make", "make", "make", "delete", "count", "count");
    let refused = 0;
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 60 }),
        fc.integer({ min: 1, max: 4 }),
        (steps, max) => {
          let [live, counted] = [0, null as Counted | null];
          let before: OwnedCounts["agents"];
          for (const next of steps) {
            if (next === "delete") live = Math.max(0, live - 1);
            else if (next === "count") counted = { count: live, made: before?.made ?? null };
            else {
              const after = withOneMore(before, counted, max);
              // A count may be older than a deletion, and then it is repeated.
              if (after === "full") {
                refused += 1;
                expect(counted?.count).toBe(max);
              }
              if (typeof after === "string") continue;
              [live, before] = [live + 1, after];
              expect(live).toBeLessThanOrEqual(max);
              expect(before.atMost).toBeGreaterThanOrEqual(live);
            }
          }
        },
      ),
    );
    expect(refused).toBeGreaterThan(2);
  });
});
