import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { take, type Window } from "./sliding-window.ts";

const limit = { max: 3, windowMs: 15 * 60_000 };

/** Takes at each of `times`, and returns the times at which it was granted. */
function grantedAt(times: readonly number[], max = limit.max): number[] {
  let window: Window = {};
  return times.filter((now) => {
    const state = take(window, { ...limit, max }, now);
    window = state.window;
    return state.granted;
  });
}

describe("take()", () => {
  test("grants the limit and refuses the next, saying when to come back", () => {
    let window: Window = {};
    for (let index = 0; index < limit.max; index += 1) {
      const state = take(window, limit, 1_000);
      expect(state).toMatchObject({ granted: true, remaining: limit.max - index - 1 });
      window = state.window;
    }
    const refused = take(window, limit, 2_000);
    expect(refused).toMatchObject({ granted: false, remaining: 0, window });
    expect(take(window, limit, 2_000 + refused.retryAfterMs - 1).granted).toBe(false);
    expect(take(window, limit, 2_000 + refused.retryAfterMs).granted).toBe(true);
  });

  test("never grants more than the limit in any span of the window's length", () => {
    const minutes = fc.array(fc.integer({ min: 0, max: 60 * 60_000 }), { maxLength: 120 });
    fc.assert(
      fc.property(minutes, fc.integer({ min: 1, max: 20 }), (unsorted, max) => {
        const granted = grantedAt(
          [...unsorted].sort((a, b) => a - b),
          max,
        );
        for (const from of granted) {
          const span = granted.filter(
            (grantedAt) => grantedAt >= from && grantedAt < from + limit.windowMs,
          );
          expect(span.length).toBeLessThanOrEqual(max);
        }
      }),
    );
  });

  test("is free again one window and one bucket after the last", () => {
    const bucketMs = limit.windowMs / 15;
    expect(grantedAt([0, 0, 0, limit.windowMs + bucketMs])).toHaveLength(4);
  });

  test("refusing changes nothing", () => {
    const { window } = take({}, { ...limit, max: 1 }, 0);
    expect(take(window, { ...limit, max: 1 }, 1).window).toEqual(window);
  });
});
