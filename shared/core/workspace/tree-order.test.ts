// @module-tag slow
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { draws } from "../../../test/kit/draws.ts";
import {
  compareBytewise,
  compareTree,
  entryAt,
  isBelow,
  newFolderLengths,
  rangeBelow,
} from "./tree-order.ts";

/** Few names, so that paths collide; one sorts before the slash, one is beyond the first plane. */
const path = fc
  .array(fc.constantFrom("a", "a-b", "b", "é", "\ue000", "😀"), { minLength: 1, maxLength: 4 })
  .map((segments) => segments.join("/"));
const sortedPaths = fc
  .uniqueArray(path, { maxLength: 20 })
  .map((all) => all.sort(compareTree).map((entryPath) => ({ path: entryPath })));

const foldersOf = (entryPath: string) =>
  entryPath
    .split("/")
    .slice(1)
    .map(
      (_, index, all) =>
        entryPath
          .split("/")
          .slice(0, index + 1)
          .join("/") || String(all),
    );

/** Paths that agree or lie in each other are seldom drawn. */
const often = { numRuns: draws(1_000) };

describe("compareTree()", () => {
  test("orders segment by segment, each as its bytes", () => {
    fc.assert(
      fc.property(path, path, (a, b) => {
        const [left, right] = [a.split("/"), b.split("/")];
        const differs = left.findIndex((segment, index) => segment !== right[index]);
        const bytes =
          differs < 0
            ? left.length - right.length
            : Buffer.compare(Buffer.from(left[differs] ?? ""), Buffer.from(right[differs] ?? ""));
        expect(Math.sign(compareTree(a, b))).toBe(Math.sign(bytes));
      }),
      often,
    );
  });
});

describe("compareBytewise()", () => {
  test("orders as the UTF-8 bytes do", () => {
    // UTF-16 has the last two before the two that come before them.
    const unit = fc.constantFrom("a", "é", "\ue000", "\uffee", "😀", "🚀");
    const text = fc.oneof(fc.string({ unit, maxLength: 4 }), fc.string({ unit: "binary" }));
    let otherwise = 0;
    fc.assert(
      fc.property(text, text, (a, b) => {
        const bytes = Buffer.compare(Buffer.from(a), Buffer.from(b));
        expect(Math.sign(compareBytewise(a, b))).toBe(bytes);
        if (a < b !== bytes < 0) otherwise += 1;
      }),
      often,
    );
    expect(otherwise).toBeGreaterThan(5);
  });
});

describe("a sorted list", () => {
  test("has what lies below a path in one piece", () => {
    fc.assert(
      fc.property(sortedPaths, path, (entries, folder) => {
        const { start, end } = rangeBelow(entries, folder);
        const below = entries.filter((entry) => isBelow(entry.path, folder));
        expect(entries.slice(start, end)).toEqual(below);
      }),
      often,
    );
  });

  test("finds what is there, and nothing else", () => {
    fc.assert(
      fc.property(sortedPaths, path, (entries, entryPath) => {
        expect(entryAt(entries, entryPath)).toEqual(
          entries.find((entry) => entry.path === entryPath),
        );
      }),
      often,
    );
  });

  test("meets each folder once, at the first thing in it", () => {
    fc.assert(
      fc.property(sortedPaths, (entries) => {
        const met: string[] = [];
        let before = "";
        for (const { path: at } of entries) {
          met.push(...newFolderLengths(before, at).map((length) => at.slice(0, length)));
          before = at;
        }
        const explicit = new Set(entries.map((entry) => entry.path));
        const implied = new Set(entries.flatMap((entry) => foldersOf(entry.path)));
        expect(met.length).toBe(new Set(met).size);
        expect(new Set(met)).toEqual(
          new Set([...implied].filter((entryPath) => !explicit.has(entryPath))),
        );
      }),
      often,
    );
  });
});
