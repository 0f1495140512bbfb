import { ApiError } from "../errors/api-error.ts";
import type { ByteRange } from "./byte-range.ts";

/** The most of a download that is in memory, and the size of one read from the bucket. */
const pieceBytesMax = 2 * 1024 * 1024;

/**
 * A range of bytes in pieces that are read on demand.
 * @param pieceBytes Smaller pieces take less memory, and more reads.
 * @throws {ApiError} `UNAVAILABLE` if there are fewer bytes than the range has.
 */
export async function* rangePieces(
  { offsetBytes, sizeBytes }: ByteRange,
  read: (piece: ByteRange) => Promise<Buffer>,
  pieceBytes: number = pieceBytesMax,
): AsyncGenerator<Buffer> {
  const end = offsetBytes + sizeBytes;
  for (let at = offsetBytes; at < end; at += pieceBytes) {
    const piece = { offsetBytes: at, sizeBytes: Math.min(pieceBytes, end - at) };
    const bytes = await read(piece);
    // The answer's length was announced, so missing bytes would be taken from the next answer.
    if (bytes.length !== piece.sizeBytes) throw new ApiError("UNAVAILABLE", { cause: "too short" });
    yield bytes;
  }
}

/**
 * The same pieces with the first one already read, so that what can't be read is refused instead
 * of breaking off an answer.
 */
export async function openPieces(pieces: AsyncGenerator<Buffer>): Promise<AsyncIterable<Buffer>> {
  const first = await pieces.next();
  return (async function* () {
    if (first.done) return;
    yield first.value;
    yield* pieces;
  })();
}
