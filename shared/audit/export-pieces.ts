/** Makes the export of a trail, in pieces: it is never in memory as a whole. */
import { AuditRow } from "../core/audit/audit-row.ts";
import { canonicalBytes } from "../core/audit/canonical-bytes.ts";
import { exportHeader, tileLine, tileRoot, tileRows } from "../core/audit/export-format.ts";
import type { LeafRange } from "../core/audit/merkle-proofs.ts";
import { hashOf, type ProvenHead } from "../core/audit/proven-head.ts";
import type { Owner } from "../identity/owner.ts";
import { auditRows } from "../store/audit-rows.ts";
import type { ReadStore } from "../store/store.ts";
import { readLeaves, readTileRoots, type TreeStore } from "./read-subtrees.ts";

/** The size from which a piece is handed out. */
const pieceBytesMin = 512 * 1024;
/** What is read of a tile at once. Most tiles are smaller. */
const readBytesMax = 4 * 1024 * 1024;
const firstRows = 32;
/** Most rows have less than a kilobyte, so that a tile takes three queries. */
const rowsAtOnce = 128;

export type ExportStore = TreeStore & Pick<ReadStore, "findFitting">;

const newline = Buffer.from("\n");

/**
 * The rows below `proven`, which never change, so that no snapshot is needed. What somebody has
 * changed in the database is exported as it is there, for the verifier to name it.
 */
export async function* exportPieces(
  store: ExportStore,
  owner: Owner,
  proven: ProvenHead,
): AsyncGenerator<Buffer> {
  let [lines, bytes]: [Buffer[], number] = [[], 0];
  for await (const line of exportLines(store, owner, proven)) {
    lines.push(line, newline);
    bytes += line.length + newline.length;
    if (bytes < pieceBytesMin) continue;
    yield Buffer.concat(lines, bytes);
    [lines, bytes] = [[], 0];
  }
  yield Buffer.concat(lines, bytes);
}

/** The lines of an export, without their newlines. */
export async function* exportLines(
  store: ExportStore,
  owner: Owner,
  proven: ProvenHead,
): AsyncGenerator<Buffer> {
  const { size } = proven.head;
  const full = Math.floor(size / tileRows);
  const last = { start: full * tileRows, end: size };
  const roots = [...(await readTileRoots(store, owner, full))];
  if (last.start < size) {
    roots.push(tileRoot((await readLeaves(store, owner, last)).map(hashOf)));
  }
  yield Buffer.from(JSON.stringify(exportHeader(proven, roots)));
  for (let start = 0; start < size; start += tileRows) {
    yield* tileLines(store, owner, { start, end: Math.min(start + tileRows, size) });
  }
}

/** A tile's line and its rows. If the rows are large, their leaf hashes are read ahead of them. */
async function* tileLines(
  store: ExportStore,
  owner: Owner,
  tile: LeafRange,
): AsyncGenerator<Buffer> {
  let rows = await readRows(store, owner, tile);
  const isWhole = rows.length === tile.end - tile.start;
  yield tileLine(
    isWhole ? rows.map(({ leafHash }) => leafHash) : await readLeaves(store, owner, tile),
  );
  for (let next = tile.start; rows.length > 0; ) {
    for (const row of rows) {
      yield canonicalBytes(AuditRow.parse(row));
      next = (row.sequence ?? next) + 1;
    }
    rows = next < tile.end ? await readRows(store, owner, { ...tile, start: next }) : [];
  }
}

async function readRows(store: ExportStore, owner: Owner, { start, end }: LeafRange) {
  const request = {
    between: { field: "sequence", from: start, to: end - 1 },
    orderBy: [["sequence", "asc"]],
    limit: end - start,
  } as const;
  const fitting = { bytesMax: readBytesMax, firstChunk: firstRows, chunkMax: rowsAtOnce };
  const found = await store.findFitting(auditRows.all(owner), request, fitting);
  return found.map(({ value }) => value);
}
