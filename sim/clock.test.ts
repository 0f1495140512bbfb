import fc from "fast-check";
import { expect, test } from "vitest";
import { Clock } from "./clock.ts";

test("everything happens once, in order of time, and at one moment as it was ordered", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20 })), (moments) => {
      const clock = new Clock(0);
      const happened: { at: number; index: number }[] = [];
      moments.forEach((time, index) => {
        clock.at(time, () => happened.push({ at: clock.now, index }));
      });
      clock.run();
      const inOrder = moments
        .map((time, index) => ({ at: time, index }))
        .toSorted((a, b) => a.at - b.at || a.index - b.index);
      expect(happened).toEqual(inOrder);
    }),
  );
});

test("what is ordered for a moment that has passed happens now", () => {
  const clock = new Clock(0);
  const happened: number[] = [];
  clock.at(10, () => clock.at(5, () => happened.push(clock.now)));
  clock.run();
  expect(happened).toEqual([10]);
});
