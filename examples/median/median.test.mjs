import assert from "node:assert/strict";
import { test } from "node:test";
import { median } from "./median.mjs";

test("takes the middle one", () => assert.equal(median([3, 1, 2]), 2));
test("takes the mean of the two in the middle", () => assert.equal(median([4, 1, 3, 2]), 2.5));
test("compares numbers as numbers", () => assert.equal(median([10, 9, 1]), 9));
test("leaves its argument as it was", () => {
  const numbers = [2, 1];
  median(numbers);
  assert.deepEqual(numbers, [2, 1]);
});
