import type { ManifestFile } from "../core/workspace/manifest.ts";
import type { ByteRange } from "../google/byte-range.ts";
import { openPieces, rangePieces } from "../google/range-pieces.ts";
import type { Owner } from "../identity/owner.ts";
import { readFileBytes } from "./manifests.ts";

/**
 * A range of a file in pieces that are read on demand.
 * @throws {ApiError} `UNAVAILABLE` if the file is shorter than its manifest says.
 */
export function readFilePieces(
  owner: Owner,
  file: ManifestFile,
  range: ByteRange,
  pieceBytes?: number,
): AsyncGenerator<Buffer> {
  return rangePieces(range, async (piece) => await readFileBytes(owner, file, piece), pieceBytes);
}

/** The same, but an unreadable file is refused at once. */
export async function openFilePieces(
  owner: Owner,
  file: ManifestFile,
  range: ByteRange,
): Promise<AsyncIterable<Buffer>> {
  return await openPieces(readFilePieces(owner, file, range));
}
