/** Decodes one compressed stream, and tells which bytes no longer belong to it. */
import type { Decoder, PackedFormat } from "./packed-formats.ts";

const nothing = Buffer.alloc(0);

export class PackedStream {
  readonly #decoder: Decoder | null;
  readonly #trailerBytes: number;
  readonly #header: Generator<void, number, number>;
  #isHeader = true;
  #skippedBytes = 0;
  #fedBytes = 0;
  #isDecoded: boolean;

  /** @param onData Gets what was decoded before the promise of `write` is fulfilled. */
  constructor(format: PackedFormat, onData: (piece: Buffer) => void) {
    this.#decoder = format.makeDecoder?.() ?? null;
    this.#isDecoded = this.#decoder === null;
    this.#trailerBytes = format.trailerBytes;
    this.#header = format.header();
    this.#take(this.#header.next());
    this.#decoder?.on("data", onData);
    // A decoder's error ends the stream, as its end does.
    this.#decoder?.on("error", () => undefined);
  }

  /** @returns The bytes that follow the stream's end; null if it hasn't ended. */
  async write(piece: Buffer): Promise<Buffer | null> {
    let rest = this.#skip(this.#takeHeader(piece));
    if (!this.#isDecoded && rest.length > 0) rest = this.#skip(await this.#decode(rest));
    const isOver = !this.#isHeader && this.#skippedBytes === 0 && this.#isDecoded;
    return isOver ? rest : null;
  }

  close(): void {
    this.#decoder?.destroy();
  }

  #takeHeader(piece: Buffer): Buffer {
    for (const [index, byte] of piece.entries()) {
      if (!this.#isHeader) return piece.subarray(index);
      this.#take(this.#header.next(byte));
    }
    return nothing;
  }

  #take({ done, value }: IteratorResult<void, number>): void {
    if (done !== true) return;
    this.#isHeader = false;
    this.#skippedBytes = value;
  }

  #skip(bytes: Buffer): Buffer {
    const count = Math.min(bytes.length, this.#skippedBytes);
    this.#skippedBytes -= count;
    return bytes.subarray(count);
  }

  /** @returns What the decoder left over. */
  async #decode(piece: Buffer): Promise<Buffer> {
    const decoder = this.#decoder;
    if (decoder === null) return piece;
    await fed(decoder, piece);
    this.#fedBytes += piece.length;
    // A decoder notices its end, or an error, only by a byte that it can't use.
    const leftBytes = this.#fedBytes - decoder.bytesWritten;
    if (leftBytes === 0) return nothing;
    this.#isDecoded = true;
    if (decoder.errored === null) this.#skippedBytes = this.#trailerBytes;
    return piece.subarray(-leftBytes);
  }
}

/** Fulfilled when the decoder has taken what it can of a piece. */
function fed(decoder: Decoder, piece: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const over = () => resolve();
    decoder.once("close", over);
    decoder.write(piece, () => {
      decoder.off("close", over);
      resolve();
    });
  });
}
