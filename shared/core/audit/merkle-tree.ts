/**
 * An append-only Merkle tree with the hashes of RFC 6962, section 2.1. It is kept as its frontier:
 * the roots of the perfect subtrees that its leaves fill, largest first, one for each bit that is
 * set in its size. That is all that appending needs.
 */
import { createHash } from "node:crypto";
import { assert } from "../assert.ts";

/** A SHA-256, 32 bytes. */
export type Hash = Buffer;

/** The number of leaves, and the roots of the perfect subtrees, largest first. */
export interface Frontier {
  readonly size: number;
  readonly roots: readonly Hash[];
}

/** A perfect subtree that an append has filled: leaves `index · 2^level` to the next multiple. */
export interface FilledNode {
  readonly level: number;
  readonly index: number;
  readonly hash: Hash;
}

export const hashBytes = 32;
export const emptyFrontier: Frontier = { size: 0, roots: [] };

const sha256 = (...parts: readonly Uint8Array[]): Hash =>
  parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest();

const leafPrefix = Buffer.of(0);
const nodePrefix = Buffer.of(1);

export function hashLeaf(bytes: Uint8Array): Hash {
  return sha256(leafPrefix, bytes);
}

export function hashChildren(left: Hash, right: Hash): Hash {
  return sha256(nodePrefix, left, right);
}

/**
 * Appends the hash of one leaf.
 * @returns The new frontier, and every perfect subtree that this leaf fills, smallest first; the
 *   first of them is the leaf itself.
 */
export function appendLeaf(
  { size, roots }: Frontier,
  leaf: Hash,
): { readonly frontier: Frontier; readonly filled: readonly FilledNode[] } {
  assert(leaf.length === hashBytes);
  const rest = [...roots];
  let node: FilledNode = { level: 0, index: size, hash: leaf };
  const filled = [node];
  while (node.index % 2 === 1) {
    const left = rest.pop();
    assert(left, "a frontier has a root for each bit of its size");
    const { level, index, hash } = node;
    node = { level: level + 1, index: (index - 1) / 2, hash: hashChildren(left, hash) };
    filled.push(node);
  }
  return { frontier: { size: size + 1, roots: [...rest, node.hash] }, filled };
}

/** The frontier of a tree with these leaves' hashes. */
export function frontierOf(leaves: Iterable<Hash>): Frontier {
  let frontier = emptyFrontier;
  for (const leaf of leaves) ({ frontier } = appendLeaf(frontier, leaf));
  return frontier;
}

/** The root of a tree; without leaves it is the hash of nothing. */
export function rootOf({ roots }: Frontier): Hash {
  return foldRoots(roots) ?? sha256();
}

/** Joins roots of neighbouring subtrees, largest first, from the right. */
export function foldRoots(roots: readonly Hash[]): Hash | null {
  return roots.reduceRight<Hash | null>(
    (right, left) => (right === null ? left : hashChildren(left, right)),
    null,
  );
}

/** Whether a frontier has a root for each bit that is set in its size, and no other. */
export function isFrontier({ size, roots }: Frontier): boolean {
  const isSize = Number.isSafeInteger(size) && size >= 0;
  return isSize && roots.length === bitsSet(size) && roots.every((r) => r.length === hashBytes);
}

/** The number of set bits, for sizes beyond 32 bits as well. */
function bitsSet(size: number): number {
  let bits = 0;
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) bits += rest % 2;
  return bits;
}
