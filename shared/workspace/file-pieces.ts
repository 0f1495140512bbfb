import type { ManifestFile } from "../core/workspace/manifest.ts";
import { ApiError } from "../errors/api-error.ts";
import type { ByteRange } from "../google/objects.ts";
import type { Owner } from "../identity/owner.ts";
import { readFileBytes } from "./manifests.ts";

/** The most of a download that is in memory, and the size of one read from the bucket. */
const pieceBytesMax = 2 * 1024 * 1024;

/**
 * A range of a file in pieces that are read on demand.
 * @throws {ApiError} `UNAVAILABLE` if the file is shorter than its manifest says.
 */
export async function* readFilePieces(
  owner: Owner,
  file: ManifestFile,
  { offsetBytes, sizeBytes }: ByteRange,
): AsyncGenerator<Buffer> {
  const end = offsetBytes + sizeBytes;
  for (let at = offsetBytes; at < end; at += pieceBytesMax) {
    const piece = { offsetBytes: at, sizeBytes: Math.min(pieceBytesMax, end - at) };
    const bytes = await readFileBytes(owner, file, piece);
    // The answer's length was announced, so missing bytes would be taken from the next answer.
    if (bytes.length !== piece.sizeBytes) throw new ApiError("UNAVAILABLE", { cause: "too short" });
    yield bytes;
  }
}

/**
 * The same with its first piece already read, so that an unreadable file is refused instead of
 * breaking off an answer.
 */
export async function openFilePieces(
  owner: Owner,
  file: ManifestFile,
  range: ByteRange,
): Promise<AsyncIterable<Buffer>> {
  const pieces = readFilePieces(owner, file, range);
  const first = await pieces.next();
  return (async function* () {
    if (first.done) return;
    yield first.value;
    yield* pieces;
  })();
}
