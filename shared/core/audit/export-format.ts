/**
 * The file form of an owner's trail: lines of JSON. The first line has the signed checkpoint and
 * all proofs down to the roots of tiles, which are runs of 256 rows. Each tile begins with a line
 * of its rows' leaf hashes and has its rows after it, in their canonical bytes. So a reader checks
 * every line as it comes, and a row that was changed is known from its neighbours' hashes.
 */
import * as z from "zod";
import { hashList } from "./heads.ts";
import { frontierOf, type Hash, rootOf } from "./merkle-tree.ts";
import { hexOf, ProvenHead } from "./proven-head.ts";

/** Rows in a tile. It must be a power of two, so that a tile is a subtree. */
export const tileRows = 256;

export const exportFormat = "paddock-audit-export-1";

export const ExportHeader = ProvenHead.extend({
  format: z.literal(exportFormat),
  /** The root of each tile, in order. The last tile may be shorter than the others. */
  tiles: hashList(),
});
export type ExportHeader = z.infer<typeof ExportHeader>;

/** @param tiles The roots of the tiles of a tree with this head, in order. */
export function exportHeader(proven: ProvenHead, tiles: readonly Hash[]): ExportHeader {
  return { format: exportFormat, ...proven, tiles: tiles.map(hexOf) };
}

export const TileLine = z.strictObject({ leaves: hashList({ min: 1, max: tileRows }) });

/** The root of one tile, from its rows' leaf hashes. */
export function tileRoot(leaves: readonly Hash[]): Hash {
  return rootOf(frontierOf(leaves));
}

/** The root of the tree from the roots of its tiles, which are all full except the last. */
export function rootFromTiles(tiles: readonly Hash[]): Hash {
  return rootOf(frontierOf(tiles));
}

/** The line before a tile's rows. @param leaves Their leaf hashes in hex, at most 256. */
export function tileLine(leaves: readonly string[]): Buffer {
  return Buffer.from(JSON.stringify({ leaves }));
}
