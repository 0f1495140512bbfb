/** Proves to a witness that the log continues the checkpoint that the witness has seen last. */
import { epochLeaf } from "../core/audit/heads.ts";
import {
  type LeafRange,
  perfectSubtrees,
  planConsistency,
  rangeRoot,
} from "../core/audit/merkle-proofs.ts";
import { type Frontier, frontierOf, type Hash, rootOf } from "../core/audit/merkle-tree.ts";
import { hashOf } from "../core/audit/proven-head.ts";
import { auditEpochs, auditLogNodes } from "../store/audit-trees.ts";
import type { SequencerDeps } from "./sequencer-deps.ts";

/** Subtrees of the log from this level on are stored. */
export const storedLogLevel = 8;
const storedLength = 2 ** storedLogLevel;
/** The most epochs that a proof may read: mostly those beside two stored subtrees. */
const epochsMax = 2_048;
const epochsAtOnce = 256;

interface LogTree {
  /** The log's name as ids have it. */
  readonly name: string;
  /** The tree of the checkpoint, with its last epoch. */
  readonly frontier: Frontier;
  /** The leaf of the last epoch, which isn't stored yet. */
  readonly lastLeaf: Hash;
}

/**
 * @param oldSize What the witness has: from 0, for which no proof is needed, up to the tree's size.
 * @returns Null if the subtrees of an early release aren't stored and have too many epochs.
 */
export async function proveLogConsistency(
  { store }: Pick<SequencerDeps, "store">,
  tree: LogTree,
  oldSize: number,
): Promise<readonly Hash[] | null> {
  if (oldSize === 0) return [];
  const ranges = planConsistency(oldSize, tree.frontier.size);
  const known = knownRoots(tree);
  const parts = ranges.flatMap(perfectSubtrees).filter((part) => !known.has(nameOf(part)));
  const large = parts.filter((part) => lengthOf(part) >= storedLength);
  const nodes = await store.getAll(
    ...large.map((part) => auditLogNodes.doc(`${tree.name}-${nameOf(part)}`)),
  );
  for (const [index, part] of large.entries()) {
    const hash = nodes[index]?.value?.hash;
    if (hash !== undefined) known.set(nameOf(part), hashOf(hash));
  }
  const rest = parts.filter((part) => !known.has(nameOf(part)));
  if (rest.reduce((sum, part) => sum + lengthOf(part), 0) > epochsMax) return null;
  for (const part of rest) {
    const leaves = await readEpochs(store, tree, part);
    known.set(nameOf(part), rootOf(frontierOf(leaves)));
  }
  return ranges.map((range) =>
    rangeRoot(perfectSubtrees(range).flatMap((part) => known.get(nameOf(part)) ?? [])),
  );
}

/** The subtrees of the frontier, and the last leaf. */
function knownRoots({ frontier, lastLeaf }: LogTree): Map<string, Hash> {
  const { size, roots } = frontier;
  const parts = perfectSubtrees({ start: 0, end: size });
  const known = new Map(parts.map((part, index) => [nameOf(part), roots[index] ?? lastLeaf]));
  return known.set(nameOf({ start: size - 1, end: size }), lastLeaf);
}

async function readEpochs(
  store: SequencerDeps["store"],
  { name, frontier, lastLeaf }: LogTree,
  { start, end }: LeafRange,
): Promise<readonly Hash[]> {
  const leaves: Hash[] = [];
  for (let first = start; first < end; first += epochsAtOnce) {
    const length = Math.min(epochsAtOnce, end - first);
    const numbers = Array.from({ length }, (_, index) => first + index);
    const stored = numbers.filter((number) => number < frontier.size - 1);
    const found = await store.getAll(
      ...stored.map((number) => auditEpochs.doc(`${name}-${number}`)),
    );
    leaves.push(...found.flatMap(({ value }) => (value ? [epochLeaf(value)] : [])));
    if (stored.length < length) leaves.push(lastLeaf);
  }
  return leaves;
}

const lengthOf = ({ start, end }: LeafRange) => end - start;

/** The level and number of a perfect subtree's root. */
function nameOf(part: LeafRange): string {
  return `${Math.log2(lengthOf(part))}-${part.start / lengthOf(part)}`;
}
