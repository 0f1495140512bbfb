import { expect, test } from "vitest";
import { median, percentile } from "./statistics.ts";

const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);

test.each([
  [0.5, 50],
  [0.99, 99],
  [1, 100],
  [0, 1],
])("of 1 to 100, in any order, %d lies at %d", (share, expected) => {
  expect(percentile(hundred, share)).toBe(expected);
});

test("one round that the machine spoiled doesn't move the median", () => {
  expect(median([10, 11, 900])).toBe(11);
});

test("no measured value is an error", () => {
  expect(() => median([])).toThrow("nothing was measured");
});
