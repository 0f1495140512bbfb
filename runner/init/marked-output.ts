/**
 * Finds where a command's output ends in the output of a shell that lives on. The shell writes a
 * mark of its own after each command, with a number that the command can't know.
 */

/** ASCII's record separator, which hardly any program prints. */
const separator = 0x1e;

export interface Marked {
  /** What belongs to the command. */
  readonly output: Buffer;
  /** What a background process wrote after the mark. */
  readonly later: Buffer;
  /** The command's exit code; null as long as the mark hasn't come. */
  readonly status: number | null;
}

const nothing = Buffer.alloc(0);

export class MarkedOutput {
  readonly #mark: Buffer;
  /** What may be the beginning of the mark. */
  #held: Buffer = nothing;

  constructor(nonce: string) {
    this.#mark = Buffer.concat([Buffer.of(separator), Buffer.from(`${nonce} `)]);
  }

  read(chunk: Uint8Array): Marked {
    const text = Buffer.concat([this.#held, chunk]);
    const start = text.indexOf(this.#mark);
    if (start === -1) {
      const kept = text.length - this.#beginning(text);
      this.#held = text.subarray(kept);
      return { output: text.subarray(0, kept), later: nothing, status: null };
    }
    const end = text.indexOf(separator, start + this.#mark.length);
    this.#held = end === -1 ? text.subarray(start) : nothing;
    const output = text.subarray(0, start);
    if (end === -1) return { output, later: nothing, status: null };
    const status = Number(text.subarray(start + this.#mark.length, end).toString("latin1"));
    return { output, later: text.subarray(end + 1), status: status & 255 };
  }

  /** What was held, if the mark never came. */
  rest(): Buffer {
    return this.#held;
  }

  /** How many of the last bytes may begin the mark. */
  #beginning(text: Buffer): number {
    const longest = Math.min(text.length, this.#mark.length - 1);
    for (let length = longest; length > 0; length -= 1) {
      const tail = text.subarray(text.length - length);
      if (tail.equals(this.#mark.subarray(0, length))) return length;
    }
    return 0;
  }
}
