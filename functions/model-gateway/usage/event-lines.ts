/** Finds the JSON of server-sent events in a stream of bytes, whatever its pieces. */
import { Pieces } from "#shared/http/pieces";
import { streamDone } from "./usage-reader.ts";

const newline = 0x0a;
const dataPrefix = Buffer.from("data:");
/** Reports of usage say so; other lines needn't be parsed. */
const usageMark = Buffer.from("sage");
/** The mark of a stream's end, and blanks around it. */
const doneLengthMax = 16;

export class EventLines {
  readonly #lineBytesMax: number;
  readonly #take: (json: unknown) => void;
  readonly #pieces = new Pieces();
  /** Whether the line has become too long to keep. Its bytes pass all the same. */
  #isSkipped = false;

  constructor(lineBytesMax: number, take: (json: unknown) => void) {
    this.#lineBytesMax = lineBytesMax;
    this.#take = take;
  }

  push(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      this.#add(chunk.subarray(start, end));
      this.#end();
      start = end + 1;
    }
    this.#add(chunk.subarray(start));
  }

  /** A stream may end without a last newline. */
  end(): void {
    this.#end();
  }

  #add(piece: Buffer): void {
    if (piece.length === 0 || this.#isSkipped) return;
    this.#pieces.add(piece);
    if (this.#pieces.bytes <= this.#lineBytesMax) return;
    this.#isSkipped = true;
    this.#pieces.clear();
  }

  #end(): void {
    const line = this.#pieces.take();
    this.#isSkipped = false;
    if (!line.subarray(0, dataPrefix.length).equals(dataPrefix)) return;
    const data = line.subarray(dataPrefix.length);
    if (data.length <= doneLengthMax && data.toString("latin1").trim() === streamDone) {
      this.#take(streamDone);
      return;
    }
    const isGemini = line.includes("finishReason") || line.includes("blockReason");
    if (!line.includes(usageMark) && !isGemini) return;
    try {
      this.#take(JSON.parse(data.toString("utf8")));
    } catch {
      // What isn't JSON reports nothing.
    }
  }
}
