/** Decodes one compressed stream, and tells where it ends and whether it is whole. */
import type { Decoder, PackedFormat, Parser, Part } from "./packed-formats.ts";

const nothing = Buffer.alloc(0);
/**
 * A decoder that finds damage drops what it had decoded of the same step. Steps are short where
 * damaged data passes. They cost a few times as much as the decoding.
 */
const shortStepBytes = 1024;

export interface Taken {
  readonly bytes: number;
  readonly isOver: boolean;
}

export class PackedStream {
  readonly #format: PackedFormat;
  readonly #parser: Parser;
  readonly #decoder: Decoder | null;
  /** Null once the stream is over. */
  #part: Part | null = null;
  /** How much of the part came. */
  #partBytes = 0;
  #field: Buffer = nothing;
  #fedBytes = 0;
  #hasBlocks = false;
  #isDamaged = false;

  /** @param onData Gets what was decoded before the promise of `take` is fulfilled. */
  constructor(format: PackedFormat, onData: (piece: Buffer) => void) {
    this.#format = format;
    this.#parser = format.parse();
    this.#decoder = format.makeDecoder?.() ?? null;
    this.#decoder?.on("data", onData);
    // A decoder's error ends the stream, as its end does.
    this.#decoder?.on("error", () => undefined);
    this.#next();
  }

  /** Whether all that was taken has been decoded. */
  get isSettled(): boolean {
    return this.#part?.what !== "block";
  }

  /** Whether a stream of this format, and not something that only begins so, can't be decoded. */
  get isDamaged(): boolean {
    return this.#isDamaged;
  }

  /** Takes the next bytes, or some of them; the rest is for the next call, until it is over. */
  async take(bytes: Buffer): Promise<Taken> {
    const part = this.#part;
    if (part === null) return { bytes: 0, isOver: true };
    const stepBytes = this.#format.isCertain ? bytes.length : shortStepBytes;
    const step = bytes.subarray(0, Math.min(part.bytes - this.#partBytes, stepBytes));
    const isPacked = this.#format.decodes === "everything" || part.what === "stream";
    const takenBytes = isPacked ? await this.#decode(step) : step.length;
    this.#partBytes += takenBytes;
    if (part.what === "field") this.#field = Buffer.concat([this.#field, step]);
    if (takenBytes < step.length) this.#stopDecoding(part);
    else if (this.#partBytes === part.bytes) this.#next();
    return { bytes: takenBytes, isOver: this.#part === null };
  }

  close(): void {
    this.#decoder?.destroy();
  }

  #next(): void {
    do {
      const { done, value } = this.#parser.next(this.#field);
      this.#part = done === true ? null : value;
      this.#partBytes = 0;
      this.#field = nothing;
    } while (this.#part?.bytes === 0);
    if (this.#part?.what === "block") this.#hasBlocks = true;
  }

  /** The decoder has ended or failed: it took less than it was given. */
  #stopDecoding(part: Part): void {
    const hasEnded = part.what === "stream" && this.#decoder?.errored === null;
    if (hasEnded) this.#next();
    else {
      this.#part = null;
      // Before its first block, zstd only says that it needs a dictionary, or more memory.
      const isCertain = this.#format.decodes === "streams alone" || this.#hasBlocks;
      this.#isDamaged = this.#format.isCertain && isCertain;
    }
  }

  /** @returns How many bytes the decoder could use. */
  async #decode(step: Buffer): Promise<number> {
    const decoder = this.#decoder;
    if (decoder === null) return step.length;
    await fed(decoder, step);
    this.#fedBytes += step.length;
    // A decoder notices its end, or an error, only by a byte that it can't use.
    return step.length - (this.#fedBytes - decoder.bytesWritten);
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
