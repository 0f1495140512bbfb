import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  isConsistent,
  type LeafRange,
  perfectSubtrees,
  planConsistency,
  planInclusion,
  rangeRoot,
  rootFromInclusion,
} from "./merkle-proofs.ts";
import {
  appendLeaf,
  emptyFrontier,
  type FilledNode,
  type Frontier,
  frontierOf,
  hashChildren,
  hashLeaf,
  isFrontier,
  rootOf,
} from "./merkle-tree.ts";

const hex = (text: string) => Buffer.from(text, "hex");

/** The definition of RFC 6962, section 2.1, word for word. */
function naiveRoot(leaves: readonly Buffer[]): Buffer {
  const [only] = leaves;
  if (!only) return rootOf(emptyFrontier);
  if (leaves.length === 1) return only;
  const split = naiveSplit(leaves.length);
  return hashChildren(naiveRoot(leaves.slice(0, split)), naiveRoot(leaves.slice(split)));
}

const naiveSplit = (length: number) => 2 ** Math.floor(Math.log2(length - 1));

/** PATH(m, D[n]) of section 2.1.1. */
function naivePath(index: number, leaves: readonly Buffer[]): Buffer[] {
  if (leaves.length === 1) return [];
  const split = naiveSplit(leaves.length);
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)];
  if (index < split) return [...naivePath(index, left), naiveRoot(right)];
  return [...naivePath(index - split, right), naiveRoot(left)];
}

/** SUBPROOF(m, D[n], b) of section 2.1.2. */
function naiveSubproof(earlier: number, leaves: readonly Buffer[], isWhole: boolean): Buffer[] {
  if (earlier === leaves.length) return isWhole ? [] : [naiveRoot(leaves)];
  const split = naiveSplit(leaves.length);
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)];
  if (earlier <= split) return [...naiveSubproof(earlier, left, isWhole), naiveRoot(right)];
  return [...naiveSubproof(earlier - split, right, false), naiveRoot(left)];
}

/** A proof as a reader of stored perfect subtrees makes it. */
function proof(plan: readonly LeafRange[], leaves: readonly Buffer[]): Buffer[] {
  return plan.map((range) =>
    rangeRoot(perfectSubtrees(range).map(({ start, end }) => naiveRoot(leaves.slice(start, end)))),
  );
}

/** The tests of the Certificate Transparency project's reference implementation. */
const entries = [
  ...["", "00", "10", "2021", "3031", "40414243", "5051525354555657"],
  "606162636465666768696a6b6c6d6e6f",
].map((bytes) => hashLeaf(hex(bytes)));
const roots = [
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
].map(hex);
const leaf0 = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d";
const leaf1 = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7";
const leaf2 = "0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7";
const leaf3 = "07506a85fd9dd2f120eb694f86011e5bb4662e5c415a62917033d4a9624487e7";
const leaf4 = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b";
const leaf6 = "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f";
const leaves01 = "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125";
const leaves23 = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e";
const leaves45 = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a";
const leaves67 = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0";
const leaves456 = "837dbb152e9b079010717e84e865da4ebc0fa198a806d59d31bf15accef22d0e";
const leaves4567 = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4";
const leaves0123 = "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7";
const inclusions = [
  { index: 0, size: 1, path: [] },
  { index: 0, size: 8, path: [leaf1, leaves23, leaves4567] },
  { index: 5, size: 8, path: [leaf4, leaves67, leaves0123] },
  { index: 2, size: 3, path: [leaves01] },
  { index: 3, size: 7, path: [leaf2, leaves01, leaves456] },
  { index: 6, size: 7, path: [leaves45, leaves0123] },
];
const consistencies = [
  { earlier: 1, size: 1, path: [] },
  { earlier: 1, size: 8, path: [leaf1, leaves23, leaves4567] },
  { earlier: 6, size: 8, path: [leaves45, leaves67, leaves0123] },
  { earlier: 2, size: 5, path: [leaves23, leaf4] },
  { earlier: 3, size: 7, path: [leaf2, leaf3, leaves01, leaves456] },
  { earlier: 4, size: 7, path: [leaves456] },
  { earlier: 6, size: 7, path: [leaves45, leaf6, leaves0123] },
];

describe("the published vectors of Certificate Transparency", () => {
  test.each([...roots.keys()])("the tree of %i entries has the published root", (size) => {
    expect(rootOf(frontierOf(entries.slice(0, size)))).toEqual(roots[size]);
  });

  test.each(inclusions)("entry $index of $size has the published proof", (vector) => {
    const { index, size } = vector;
    const path = vector.path.map(hex);
    const leaf = entries[index] ?? Buffer.alloc(0);
    expect(proof(planInclusion(index, size), entries)).toEqual(path);
    expect(rootFromInclusion(leaf, { index, size }, path)).toEqual(roots[size]);
  });

  test.each(consistencies)("$size continues $earlier by the published proof", (vector) => {
    const path = vector.path.map(hex);
    const head = (size: number) => ({ size, root: roots[size] ?? Buffer.alloc(0) });
    expect(proof(planConsistency(vector.earlier, vector.size), entries)).toEqual(path);
    expect(isConsistent(head(vector.earlier), head(vector.size), path)).toBe(true);
  });

  test("a leaf is hashed with a zero before it", () => {
    expect(entries[0]?.toString("hex")).toBe(leaf0);
  });
});

const trees = fc.integer({ min: 1, max: 130 }).map((size) => ({
  size,
  leaves: Array.from({ length: size }, (_, number) => hashLeaf(Buffer.from(String(number)))),
}));
const withIndex = trees.chain(({ size, leaves }) =>
  fc.record({ index: fc.nat(size - 1), size: fc.constant(size), leaves: fc.constant(leaves) }),
);

describe("any tree", () => {
  test("has the root that the definition gives, and stays a frontier", () => {
    fc.assert(
      fc.property(trees, ({ leaves }) => {
        const frontier = frontierOf(leaves);
        expect(rootOf(frontier)).toEqual(naiveRoot(leaves));
        expect(isFrontier(frontier)).toBe(true);
      }),
    );
  });

  test("fills each perfect subtree once", () => {
    fc.assert(
      fc.property(trees, ({ size, leaves }) => {
        let frontier: Frontier = emptyFrontier;
        const all: FilledNode[] = [];
        for (const leaf of leaves) {
          const appended = appendLeaf(frontier, leaf);
          frontier = appended.frontier;
          all.push(...appended.filled);
        }
        for (let level = 0; 2 ** level <= size; level += 1) {
          const filled = all.filter((node) => node.level === level);
          expect(filled.map(({ index }) => index)).toEqual(
            Array.from({ length: Math.floor(size / 2 ** level) }, (_, index) => index),
          );
          for (const { index, hash } of filled) {
            const [start, end] = [index * 2 ** level, (index + 1) * 2 ** level];
            expect(hash).toEqual(naiveRoot(leaves.slice(start, end)));
          }
        }
      }),
      { numRuns: 30 },
    );
  });

  test("proves each of its leaves, and no other", () => {
    fc.assert(
      fc.property(withIndex, ({ index, size, leaves }) => {
        const path = proof(planInclusion(index, size), leaves);
        expect(path).toEqual(naivePath(index, leaves));
        const leaf = leaves[index] ?? Buffer.alloc(0);
        const root = naiveRoot(leaves);
        expect(rootFromInclusion(leaf, { index, size }, path)).toEqual(root);
        for (let other = 0; other < size; other += 1) {
          if (other === index) continue;
          expect(rootFromInclusion(leaf, { index: other, size }, path)).not.toEqual(root);
        }
        expect(rootFromInclusion(leaf, { index, size }, [...path, leaf])).toBeNull();
        if (path.length > 0) {
          expect(rootFromInclusion(leaf, { index, size }, path.slice(1))).not.toEqual(root);
        }
      }),
      { numRuns: 60 },
    );
  });

  test("proves that it continues each earlier one, and no other", () => {
    fc.assert(
      fc.property(withIndex, ({ index, size, leaves }) => {
        const earlier = { size: index + 1, root: naiveRoot(leaves.slice(0, index + 1)) };
        const later = { size, root: naiveRoot(leaves) };
        const path = proof(planConsistency(earlier.size, size), leaves);
        expect(path).toEqual(naiveSubproof(earlier.size, leaves, true));
        expect(isConsistent(earlier, later, path)).toBe(true);
        const wrong = hashLeaf(Buffer.from("wrong"));
        expect(isConsistent({ ...earlier, root: wrong }, later, path)).toBe(false);
        expect(isConsistent(earlier, { ...later, root: wrong }, path)).toBe(false);
        expect(isConsistent(earlier, later, [...path, wrong])).toBe(false);
        for (const [place] of path.entries()) {
          expect(isConsistent(earlier, later, path.with(place, wrong))).toBe(false);
        }
      }),
      { numRuns: 60 },
    );
  });
});

test("a proof with hashes of another length proves nothing", () => {
  const short = Buffer.alloc(31);
  expect(rootFromInclusion(short, { index: 0, size: 2 }, [short])).toBeNull();
  const head = { size: 2, root: short };
  expect(isConsistent({ size: 1, root: short }, head, [short])).toBe(false);
});

test("sizes beyond 32 bits keep their proofs' lengths", () => {
  const size = 2 ** 40 + 1;
  expect(planInclusion(size - 1, size)).toEqual([{ start: 0, end: 2 ** 40 }]);
  expect(planInclusion(0, size)).toHaveLength(41);
  const leaf = hashLeaf(Buffer.from("last"));
  const left = hashLeaf(Buffer.from("left"));
  expect(rootFromInclusion(leaf, { index: size - 1, size }, [left])).toEqual(
    hashChildren(left, leaf),
  );
});
