/**
 * The file form of an owner's trail: lines of JSON. The first line has the signed checkpoint and
 * all proofs down to the roots of tiles, which are runs of 256 rows. Each tile begins with a line
 * of its rows' leaf hashes and has its rows after it, in their canonical bytes. So a reader checks
 * every line as it comes, and a row that was changed is known from its neighbours' hashes.
 */
import * as z from "zod";
import { AuditEpoch, AuditHead, hexHash } from "./heads.ts";
import { frontierOf, type Hash, hashLeaf, rootOf } from "./merkle-tree.ts";

/** Rows in a tile. It must be a power of two, so that a tile is a subtree. */
export const tileRows = 256;

export const ExportHeader = z.strictObject({
  format: z.literal("paddock-audit-export-1"),
  head: AuditHead,
  /** The owner's position in the map. */
  position: hexHash,
  /** What proves that the map has the head there; see `MapProof`. */
  map: z.strictObject({
    siblings: z.array(hexHash).max(256),
    end: z.strictObject({ position: hexHash, value: hexHash }).nullable(),
  }),
  epoch: AuditEpoch,
  /** That the log has the epoch, with the checkpoint: a `tlog-proof`. */
  proof: z.string(),
  /** The root of each tile, in order. The last tile may be shorter than the others. */
  tiles: z.array(hexHash),
});
export type ExportHeader = z.infer<typeof ExportHeader>;

export const TileLine = z.strictObject({ leaves: z.array(hexHash).min(1).max(tileRows) });

/** The root of one tile, from its rows' leaf hashes. */
export function tileRoot(leaves: readonly Hash[]): Hash {
  return rootOf(frontierOf(leaves));
}

/** The root of the tree from the roots of its tiles, which are all full except the last. */
export function rootFromTiles(tiles: readonly Hash[]): Hash {
  return rootOf(frontierOf(tiles));
}

/** The lines of one tile. @param rows canonical bytes, at most 256. */
export function tileLines(rows: readonly Buffer[]): readonly Buffer[] {
  const leaves = rows.map((row) => hashLeaf(row).toString("hex"));
  return [Buffer.from(JSON.stringify({ leaves } satisfies z.infer<typeof TileLine>)), ...rows];
}
