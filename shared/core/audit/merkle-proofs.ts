/**
 * Inclusion and consistency proofs of RFC 6962, sections 2.1.1 and 2.1.2. A proof is planned as the
 * ranges of leaves whose subtree roots it consists of, so that a caller can read those roots from
 * where they are stored. Verification follows RFC 9162, sections 2.1.3.2 and 2.1.4.2.
 */
import { assert } from "../assert.ts";
import { type Frontier, foldRoots, type Hash, hashBytes, hashChildren } from "./merkle-tree.ts";

/** The leaves from `start` on, up to but without `end`. */
export interface LeafRange {
  readonly start: number;
  readonly end: number;
}

/** The subtrees whose roots prove that leaf `index` is in the tree of `size`, lowest first. */
export function planInclusion(index: number, size: number): readonly LeafRange[] {
  assert(index >= 0 && index < size, "the leaf is in the tree");
  const ranges: LeafRange[] = [];
  let [start, end] = [0, size];
  while (end - start > 1) {
    const middle = start + leftSize(end - start);
    if (index < middle) {
      ranges.push({ start: middle, end });
      end = middle;
    } else {
      ranges.push({ start, end: middle });
      start = middle;
    }
  }
  return ranges.reverse();
}

/** The subtrees whose roots prove that the tree of `size` continues the one of `earlierSize`. */
export function planConsistency(earlierSize: number, size: number): readonly LeafRange[] {
  assert(earlierSize > 0 && earlierSize <= size, "the earlier tree has leaves, and isn't larger");
  const ranges: LeafRange[] = [];
  let [start, end] = [0, size];
  while (earlierSize !== end) {
    const middle = start + leftSize(end - start);
    if (earlierSize <= middle) {
      ranges.push({ start: middle, end });
      end = middle;
    } else {
      ranges.push({ start, end: middle });
      start = middle;
    }
  }
  // The verifier knows the earlier root, which is this subtree's if nothing stands left of it.
  if (start > 0) ranges.push({ start, end });
  return ranges.reverse();
}

/** Splits a range of a plan into the perfect subtrees that it consists of, largest first. */
export function perfectSubtrees({ start, end }: LeafRange): readonly LeafRange[] {
  const parts: LeafRange[] = [];
  for (let next = start; next < end; ) {
    let length = 1;
    while (next + 2 * length <= end && next % (2 * length) === 0) length *= 2;
    parts.push({ start: next, end: next + length });
    next += length;
  }
  return parts;
}

/** The root of a planned range, from the roots of its perfect subtrees in their order. */
export function rangeRoot(roots: readonly Hash[]): Hash {
  const root = foldRoots(roots);
  assert(root, "a range has at least one leaf");
  return root;
}

/** The inclusion proof of the leaf that was appended to this tree, in the tree that it made. */
export function proveAppended({ roots }: Frontier): readonly Hash[] {
  return roots.toReversed();
}

/** The largest power of two below `size`, which is how many leaves the left subtree has. */
function leftSize(size: number): number {
  let left = 1;
  while (2 * left < size) left *= 2;
  return left;
}

/** A leaf's position in a tree. */
export interface LeafPosition {
  readonly index: number;
  readonly size: number;
}

/**
 * The root that an inclusion proof leads to, for comparison with a trusted one; null if the proof
 * has the wrong form.
 */
export function rootFromInclusion(
  leaf: Hash,
  { index, size }: LeafPosition,
  proof: readonly Hash[],
): Hash | null {
  if (!isSize(size) || !isSize(index) || index >= size || !areHashes(proof)) return null;
  let [place, last, root] = [index, size - 1, leaf];
  for (const sibling of proof) {
    if (last === 0) return null;
    if (place % 2 === 1 || place === last) {
      root = hashChildren(sibling, root);
      while (place % 2 === 0 && place !== 0) [place, last] = [half(place), half(last)];
    } else root = hashChildren(root, sibling);
    [place, last] = [half(place), half(last)];
  }
  return last === 0 ? root : null;
}

/** A tree's size and root, as somebody has vouched for them. */
export interface TreeHead {
  readonly size: number;
  readonly root: Hash;
}

/** Whether `proof` shows that `later` continues `earlier`. Every tree continues an empty one. */
export function isConsistent(earlier: TreeHead, later: TreeHead, proof: readonly Hash[]): boolean {
  if (!isSize(earlier.size) || !isSize(later.size) || !areHashes(proof)) return false;
  if (earlier.size > later.size) return false;
  if (earlier.size === later.size) return proof.length === 0 && earlier.root.equals(later.root);
  if (earlier.size === 0) return proof.length === 0;
  let [place, last] = [earlier.size - 1, later.size - 1];
  while (place % 2 === 1) [place, last] = [half(place), half(last)];
  const rest = [...proof];
  // An earlier tree that is one perfect subtree is its own first node.
  const first = place === 0 ? earlier.root : rest.shift();
  if (!first) return false;
  let [before, after] = [first, first];
  for (const sibling of rest) {
    if (last === 0) return false;
    if (place % 2 === 1 || place === last) {
      before = hashChildren(sibling, before);
      after = hashChildren(sibling, after);
      while (place % 2 === 0 && place !== 0) [place, last] = [half(place), half(last)];
    } else after = hashChildren(after, sibling);
    [place, last] = [half(place), half(last)];
  }
  return last === 0 && before.equals(earlier.root) && after.equals(later.root);
}

/** Sizes may exceed 32 bits, so shifting isn't possible. */
const half = (value: number) => Math.floor(value / 2);
const isSize = (value: number) => Number.isSafeInteger(value) && value >= 0;
const areHashes = (proof: readonly Hash[]) => proof.every(({ length }) => length === hashBytes);
