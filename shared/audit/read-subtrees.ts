/**
 * Reads the roots that a proof in an owner's tree consists of: those of 256 rows and more are
 * stored, and smaller ones are computed from their rows' leaf hashes.
 */

import pMap from "p-map";
import { tileRows } from "../core/audit/export-format.ts";
import { type LeafRange, perfectSubtrees, rangeRoot } from "../core/audit/merkle-proofs.ts";
import { frontierOf, type Hash, rootOf } from "../core/audit/merkle-tree.ts";
import { hashOf } from "../core/audit/proven-head.ts";
import { Fault } from "../core/fault.ts";
import { allInOrder } from "../errors/all-in-order.ts";
import type { Owner } from "../identity/owner.ts";
import { auditRows, StoredAuditRow } from "../store/audit-rows.ts";
import { auditNodes } from "../store/audit-trees.ts";
import type { ReadStore } from "../store/store.ts";

export type TreeStore = Pick<ReadStore, "getParts" | "findParts">;

const Leaf = StoredAuditRow.pick({ leafHash: true });
/** Documents in one call. */
const nodesAtOnce = 500;
const tilesAtOnce = 4;

/** The leaf hashes of some of an owner's rows, in hex and in order. At most one tile. */
export async function readLeaves(
  store: TreeStore,
  owner: Owner,
  { start, end }: LeafRange,
): Promise<readonly string[]> {
  const rows = await store.findParts(auditRows.all(owner), Leaf, {
    between: { field: "sequence", from: start, to: end - 1 },
    orderBy: [["sequence", "asc"]],
    limit: tileRows,
  });
  return rows.map(({ leafHash }) => leafHash);
}

/**
 * The roots of ranges of leaves, such as a proof's plan has. Apart from stored roots, it reads the
 * rows of as many tiles as the ranges have ends inside of tiles: two for a proof.
 * @throws {Fault} if a row or a root isn't there.
 */
export async function readRangeRoots(
  store: TreeStore,
  owner: Owner,
  ranges: readonly LeafRange[],
): Promise<readonly Hash[]> {
  const parts = ranges.flatMap(perfectSubtrees);
  const [stored, computed] = await allInOrder([
    readStored(store, owner, parts.filter(isStored)),
    computeRoots(
      store,
      owner,
      parts.filter((part) => !isStored(part)),
    ),
  ]);
  const roots = new Map([...stored, ...computed]);
  return ranges.map((range) =>
    rangeRoot(perfectSubtrees(range).map((part) => rootIn(roots, part))),
  );
}

/** The roots of the first full tiles. @throws {Fault} if one isn't there. */
export async function readTileRoots(
  store: TreeStore,
  owner: Owner,
  count: number,
): Promise<readonly Hash[]> {
  const tiles = Array.from({ length: count }, (_, tile) => ({
    start: tile * tileRows,
    end: (tile + 1) * tileRows,
  }));
  const roots = await readStored(store, owner, tiles);
  return tiles.map((tile) => rootIn(roots, tile));
}

type Roots = ReadonlyMap<string, Hash>;

const isStored = ({ start, end }: LeafRange) => end - start >= tileRows;

/** A perfect subtree's name: the level and number of its root. */
function nameOf({ start, end }: LeafRange): string {
  const length = end - start;
  return `${Math.log2(length)}-${start / length}`;
}

function rootIn(roots: Roots, part: LeafRange): Hash {
  const root = roots.get(nameOf(part));
  if (!root) throw new Fault(`the subtree ${nameOf(part)} of a trail isn't there`);
  return root;
}

async function readStored(
  store: TreeStore,
  owner: Owner,
  parts: readonly LeafRange[],
): Promise<Roots> {
  const names = [...new Set(parts.map(nameOf))];
  const roots = new Map<string, Hash>();
  for (let first = 0; first < names.length; first += nodesAtOnce) {
    const some = names.slice(first, first + nodesAtOnce);
    const refs = some.map((name) => auditNodes.of(owner, name));
    for (const [index, node] of (await store.getParts(auditNodes.schema, refs)).entries()) {
      if (node) roots.set(some[index] ?? "", hashOf(node.hash));
    }
  }
  return roots;
}

/** @param parts Perfect subtrees, each inside of one tile. */
async function computeRoots(
  store: TreeStore,
  owner: Owner,
  parts: readonly LeafRange[],
): Promise<Roots> {
  const byTile = Map.groupBy(parts, ({ start }) => Math.floor(start / tileRows));
  const found = await pMap(
    byTile.values(),
    async (own) => {
      const start = Math.min(...own.map((part) => part.start));
      const end = Math.max(...own.map((part) => part.end));
      const leaves = (await readLeaves(store, owner, { start, end })).map(hashOf);
      if (leaves.length !== end - start) throw new Fault("a row of a trail isn't there");
      return own.map((part) => {
        const below = leaves.slice(part.start - start, part.end - start);
        return [nameOf(part), rootOf(frontierOf(below))] as const;
      });
    },
    { concurrency: tilesAtOnce },
  );
  return new Map(found.flat());
}
