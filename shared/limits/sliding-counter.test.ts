import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { draws } from "../../test/kit/draws.ts";
import { take, type Window } from "../core/limits/sliding-window.ts";
import { SlidingCounter } from "./sliding-counter.ts";

const windowMs = 1_500;

describe("SlidingCounter", () => {
  test("admits what the stored window admits, and says the same of what remains", () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 700 }), { maxLength: 200 });
    fc.assert(
      fc.property(gaps, fc.integer({ min: 1, max: 6 }), (gapsMs, max) => {
        const counter = new SlidingCounter({ max, windowMs });
        let [stored, nowMs]: [Window, number] = [{}, 0];
        for (const gapMs of gapsMs) {
          nowMs += gapMs;
          const expected = take(stored, { max, windowMs }, nowMs);
          const before = counter.state(nowMs);
          expect(before.remaining > 0).toBe(expected.granted);
          if (!expected.granted) {
            expect(before.resetMs).toBeCloseTo(expected.retryAfterMs, 6);
            continue;
          }
          stored = expected.window;
          counter.add(nowMs);
          expect(counter.state(nowMs).remaining).toBe(expected.remaining);
        }
      }),
      { numRuns: draws(1_000) },
    );
  });

  test("takes back what was counted, and nothing that has left the window", () => {
    const counter = new SlidingCounter({ max: 2, windowMs });
    const [first] = [counter.add(0), counter.add(200)];
    counter.remove(first);
    expect(counter.state(200)).toMatchObject({ remaining: 1 });
    counter.remove(first);
    expect(counter.state(200)).toMatchObject({ remaining: 1 });
    counter.add(1_600);
    counter.remove(first);
    expect(counter.state(1_600)).toMatchObject({ remaining: 0 });
  });
});
