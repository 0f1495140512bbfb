/** Stores objects of any size while they are read: a resumable upload of a chunk after another. */
import type { File } from "@google-cloud/storage";
import { Fault } from "../core/fault.ts";
import { allInOrder } from "../errors/all-in-order.ts";
import { ApiError } from "../errors/api-error.ts";
import { storeOnce } from "./bucket.ts";
import { type Chunk, ResumableUpload } from "./resumable-upload.ts";

interface Described {
  /** A multiple of 256 KiB. Two chunks are in memory: one is sent while the next one is filled. */
  readonly chunkBytes: number;
  readonly contentType: string;
}

/**
 * Stores a new object while it is read. There is none unless all of it was stored.
 * @throws {ApiError} `UNAVAILABLE`, and what `pieces` throws. @throws {StorageRefusal}
 */
export async function storeWhileRead(
  file: File,
  pieces: AsyncIterable<Buffer>,
  described: Described,
): Promise<void> {
  const chunks = new Chunks(pieces, described.chunkBytes);
  try {
    let chunk = await chunks.next();
    // A chunk without bytes has no range.
    if (chunk.bytes.length === 0) return await storeEmpty(file, described);
    const upload = await ResumableUpload.begin(file, described.contentType);
    while (!chunk.isLast) {
      const [next] = await allInOrder([chunks.next(), upload.send(chunk)]);
      chunk = next;
    }
    await upload.send(chunk);
  } finally {
    await chunks.end();
  }
}

async function storeEmpty(file: File, { contentType }: Described): Promise<void> {
  if (await storeOnce(file, "", { contentType })) return;
  throw new ApiError("UNAVAILABLE", { cause: new Fault("there is an object of that name") });
}

/** Pieces of any size as chunks of one size, in two buffers by turns. */
class Chunks {
  readonly #pieces: AsyncIterator<Buffer>;
  readonly #sizeBytes: number;
  /** New ones for each chunk would wait to be collected. */
  readonly #rooms: Buffer[] = [];
  #count = 0;
  /** What didn't fit into the last chunk; null at the end. */
  #rest: Buffer | null = Buffer.alloc(0);

  constructor(pieces: AsyncIterable<Buffer>, sizeBytes: number) {
    this.#pieces = pieces[Symbol.asyncIterator]();
    this.#sizeBytes = sizeBytes;
  }

  /** The chunk before the one that was returned last is overwritten. */
  async next(): Promise<Chunk> {
    const turn = this.#count % 2;
    this.#count += 1;
    const room = this.#rooms[turn] ?? Buffer.allocUnsafeSlow(this.#sizeBytes);
    this.#rooms[turn] = room;
    let filled = 0;
    while (this.#rest !== null && filled < room.length) {
      const taken = this.#rest.copy(room, filled);
      filled += taken;
      this.#rest = this.#rest.subarray(taken);
      // Whether a chunk is the last one is known when there is no byte after it.
      if (this.#rest.length === 0) this.#rest = await this.#nextPiece();
    }
    return { bytes: room.subarray(0, filled), isLast: this.#rest === null };
  }

  async #nextPiece(): Promise<Buffer | null> {
    for (;;) {
      const { done, value } = await this.#pieces.next();
      if (done) return null;
      if (value.length > 0) return value;
    }
  }

  /** Ends what the pieces are read from. */
  async end(): Promise<void> {
    await this.#pieces.return?.();
  }
}
