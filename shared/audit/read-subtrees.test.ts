import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { draws } from "../../test/kit/draws.ts";
import { TrailStore } from "../../test/kit/trail-store.ts";
import { tileRows } from "../core/audit/export-format.ts";
import {
  isConsistent,
  planConsistency,
  planInclusion,
  rootFromInclusion,
} from "../core/audit/merkle-proofs.ts";
import { frontierOf, rootOf } from "../core/audit/merkle-tree.ts";
import { readRangeRoots } from "./read-subtrees.ts";

/** More than the trail's longest, and a rest that fills no tile. */
const rowsMax = 2_000;
const trail = new TrailStore(rowsMax);
const { owner, leaves } = trail;
const headOf = (size: number) => ({ size, root: rootOf(frontierOf(leaves.slice(0, size))) });
const sizes = fc.integer({ min: 1, max: rowsMax });

describe("a proof of a stored tree", () => {
  test("leads from any row to the root of any size, with the rows of two tiles at most", async () => {
    const cases = sizes.chain((size) =>
      fc.record({ size: fc.constant(size), index: fc.nat(size - 1) }),
    );
    await fc.assert(
      fc.asyncProperty(cases, async ({ index, size }) => {
        trail.rowsRead = 0;
        const hashes = await readRangeRoots(trail, owner, planInclusion(index, size));
        const leaf = leaves[index] ?? Buffer.alloc(0);
        expect(rootFromInclusion(leaf, { index, size }, hashes)).toEqual(headOf(size).root);
        expect(trail.rowsRead).toBeLessThanOrEqual(2 * tileRows);
      }),
      { numRuns: draws(60) },
    );
  });

  test("shows that a tree continues any earlier one", async () => {
    await fc.assert(
      fc.asyncProperty(sizes, sizes, async (one, other) => {
        const [from, to] = [Math.min(one, other), Math.max(one, other)];
        trail.rowsRead = 0;
        const hashes = await readRangeRoots(trail, owner, planConsistency(from, to));
        expect(isConsistent(headOf(from), headOf(to), hashes)).toBe(true);
        expect(trail.rowsRead).toBeLessThanOrEqual(2 * tileRows);
      }),
      { numRuns: draws(60) },
    );
  });

  test("isn't made of a tree that lacks a row or a root", async () => {
    const cut = new TrailStore(rowsMax);
    cut.lose("8-1", 300);
    await expect(readRangeRoots(cut, owner, planInclusion(10, 512))).rejects.toThrow("isn't there");
    await expect(readRangeRoots(cut, owner, planInclusion(301, 302))).rejects.toThrow(
      "isn't there",
    );
  });
});
