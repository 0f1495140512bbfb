import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { charactersPerStep } from "../../../test/kit/count-characters.ts";
import { atOnce, workPerStep } from "../steps.ts";
import { mergeSortedSteps, sortSteps, treeSortSteps } from "./sort-steps.ts";
import { compareBytewise, compareTree } from "./tree-order.ts";

/** Characters on both sides of a slash, and of the surrogates. */
const name = fc.string({ unit: fc.constantFrom("a", "b", "-", ".", "é", "\uffee", "😀") });
const path = fc
  .array(
    name.filter((one) => one !== ""),
    { minLength: 1, maxLength: 4 },
  )
  .map((names) => names.join("/"));
const entries = fc.array(path).map((paths) => paths.map((one, index) => ({ path: one, index })));

describe("sorting in steps", () => {
  test("sorts entries as a comparison of their paths does, and keeps the order of equals", () => {
    fc.assert(
      fc.property(entries, (all) => {
        const sorted = [...all].sort((a, b) => compareTree(a.path, b.path));
        expect(atOnce(treeSortSteps(all))).toEqual(sorted);
      }),
    );
  });

  test("sorts texts bytewise", () => {
    fc.assert(
      fc.property(fc.array(path), (all) => {
        const sorted = [...all].sort(compareBytewise);
        expect(atOnce(sortSteps(all, (text) => text))).toEqual(sorted);
      }),
    );
  });

  test("merges two sorted lists", () => {
    fc.assert(
      fc.property(entries, entries, (some, others) => {
        const both = [...some, ...others].sort((a, b) => compareTree(a.path, b.path));
        const [one, other] = [atOnce(treeSortSteps(some)), atOnce(treeSortSteps(others))];
        expect(atOnce(mergeSortedSteps(one, other))).toEqual(both);
      }),
    );
  });

  test("pauses between paths that agree for long", () => {
    const above = "abcdefg/".repeat(100);
    const all = Array.from({ length: 3_000 }, (_, index) => {
      return { path: `${above}${(index * 7_919) % 3_000}` };
    });
    const sorted = atOnce(treeSortSteps(all));
    const odd = sorted.filter((_, index) => index % 2 === 1);
    for (const work of [treeSortSteps(all), mergeSortedSteps(sorted, odd)]) {
      const steps = charactersPerStep(work);
      expect(steps.length).toBeGreaterThan(10);
      expect(Math.max(...steps)).toBeLessThan(4 * workPerStep);
    }
  });
});
