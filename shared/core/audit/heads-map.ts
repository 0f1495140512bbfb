/**
 * A map from positions to values whose root commits to all entries. There is one position per
 * owner, an HMAC of the id, so a proof shows hashes of other entries and nobody's id.
 *
 * The map is a binary trie over the bits of the positions. Its first 8 levels are complete and end
 * in 256 buckets. Below, a subtree with one entry is that entry's hash and an empty one is zeros,
 * so the root depends on the entries alone, whatever the order they came in. A change needs the
 * entries of one bucket and the roots of all.
 */
import { createHash, createHmac } from "node:crypto";
import { assert } from "../assert.ts";
import { type Hash, hashBytes } from "./merkle-tree.ts";

export interface MapEntry {
  /** 32 bytes; see {@link mapPosition}. */
  readonly position: Hash;
  /** The hash of what is stored there. */
  readonly value: Hash;
}

const bucketLevels = 8;
export const bucketsCount = 2 ** bucketLevels;
const positionBits = 8 * hashBytes;

/** The root of a bucket or subtree without entries. */
export const emptySubtree: Hash = Buffer.alloc(hashBytes);

// The prefixes differ from the tree's, so a node of one can't be passed off as one of the other.
const entryPrefix = Buffer.of(2);
const branchPrefix = Buffer.of(3);

/** @param secret Without it, nobody can tell which owner has a position. */
export function mapPosition(secret: Buffer, ownerId: string): Hash {
  return createHmac("sha256", secret).update(ownerId).digest();
}

export function bucketOf(position: Hash): number {
  return position.readUInt8(0);
}

function hashEntry({ position, value }: MapEntry): Hash {
  return createHash("sha256").update(entryPrefix).update(position).update(value).digest();
}

function hashBranch(left: Hash, right: Hash): Hash {
  return createHash("sha256").update(branchPrefix).update(left).update(right).digest();
}

function bitOf(position: Hash, depth: number): boolean {
  return ((position[depth >> 3] ?? 0) & (0x80 >> (depth & 7))) !== 0;
}

/** The root of one bucket's entries, in any order. */
export function bucketRoot(entries: readonly MapEntry[]): Hash {
  return subtreeRoot(entries, bucketLevels);
}

/** @param entries They have the first `depth` bits of their positions in common. */
function subtreeRoot(entries: readonly MapEntry[], depth: number): Hash {
  const [first, second] = entries;
  if (!first) return emptySubtree;
  if (!second) return hashEntry(first);
  assert(depth < positionBits, "positions are distinct");
  const { left, right } = halves(entries, depth);
  return hashBranch(subtreeRoot(left, depth + 1), subtreeRoot(right, depth + 1));
}

function halves(entries: readonly MapEntry[], depth: number) {
  return {
    left: entries.filter(({ position }) => !bitOf(position, depth)),
    right: entries.filter(({ position }) => bitOf(position, depth)),
  };
}

/** The root of the map from the roots of all buckets. */
export function mapRoot(buckets: readonly Hash[]): Hash {
  assert(buckets.length === bucketsCount);
  return foldBuckets(buckets);
}

function foldBuckets(roots: readonly Hash[]): Hash {
  const [only] = roots;
  if (roots.length === 1 && only) return only;
  const middle = roots.length / 2;
  return hashBranch(foldBuckets(roots.slice(0, middle)), foldBuckets(roots.slice(middle)));
}

/** A bucket's entries with one added or replaced. */
export function withEntry(entries: readonly MapEntry[], added: MapEntry): readonly MapEntry[] {
  return [...entries.filter(({ position }) => !position.equals(added.position)), added];
}

/**
 * What is at a position: the subtrees beside the way to it, from the root down, and what ends that
 * way. That is the position's own entry, or else another entry or nothing, which proves absence.
 */
export interface MapProof {
  readonly siblings: readonly Hash[];
  readonly end: MapEntry | null;
}

/** @param map `bucket` has the entries of the position's bucket. */
export function proveEntry(
  position: Hash,
  { bucket, buckets }: { readonly bucket: readonly MapEntry[]; readonly buckets: readonly Hash[] },
): MapProof {
  const siblings: Hash[] = [];
  let roots = buckets;
  let entries = bucket;
  for (let depth = 0; depth < bucketLevels; depth += 1) {
    const middle = roots.length / 2;
    const [left, right] = [roots.slice(0, middle), roots.slice(middle)];
    const goesRight = bitOf(position, depth);
    siblings.push(foldBuckets(goesRight ? left : right));
    roots = goesRight ? right : left;
  }
  for (let depth = bucketLevels; entries.length > 1; depth += 1) {
    const { left, right } = halves(entries, depth);
    const goesRight = bitOf(position, depth);
    siblings.push(subtreeRoot(goesRight ? left : right, depth + 1));
    entries = goesRight ? right : left;
  }
  return { siblings, end: entries[0] ?? null };
}

/**
 * The root that a proof leads to, for comparison with a trusted one, and the value at `position`,
 * which is null if there is none. Null if the proof has the wrong form.
 */
export function readMapProof(
  position: Hash,
  { siblings, end }: MapProof,
): { readonly root: Hash; readonly value: Hash | null } | null {
  const depth = siblings.length;
  if (depth < bucketLevels || depth > positionBits) return null;
  const hashes = [position, ...siblings, ...(end ? [end.position, end.value] : [])];
  if (hashes.some(({ length }) => length !== hashBytes)) return null;
  const root = siblings.reduceRight(
    (node, sibling, level) =>
      bitOf(position, level) ? hashBranch(sibling, node) : hashBranch(node, sibling),
    end ? hashEntry(end) : emptySubtree,
  );
  return { root, value: end?.position.equals(position) ? end.value : null };
}
