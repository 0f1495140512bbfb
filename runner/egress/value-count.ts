/**
 * Counts the values of JSON as its bytes come. Small ones take up to a thousand times as much
 * memory as bytes where a library complains of each.
 */

const [lineFeed, carriageReturn, quote, backslash] = [0x0a, 0x0d, 0x22, 0x5c];
/** Each begins a value: `,`, `:`, `[` and `{`. */
const beginnings = new Set([0x2c, 0x3a, 0x5b, 0x7b]);

export class ValueCount {
  readonly #end: "line" | "event" | "answer";
  readonly #valuesMax: number;
  #values = 0;
  #messageBytes = 0;
  #isQuoted = false;
  #isEscaped = false;
  #lineBytes = 0;
  #isAfterReturn = false;

  /** @param end Where a message ends: with its line, with an empty line, or with the answer. */
  constructor(end: "line" | "event" | "answer", valuesMax = 25_000) {
    this.#end = end;
    this.#valuesMax = valuesMax;
  }

  /** How many bytes have come of the message that hasn't ended, which who reads it keeps. */
  get messageBytes(): number {
    return this.#messageBytes;
  }

  /** @returns False once a message has too many. */
  take(bytes: Uint8Array): boolean {
    for (const byte of bytes) {
      this.#messageBytes += 1;
      const isSameBreak = byte === lineFeed && this.#isAfterReturn;
      this.#isAfterReturn = byte === carriageReturn;
      if (isSameBreak) continue;
      if (byte === lineFeed || byte === carriageReturn) this.#endLine();
      else if (!this.#count(byte)) return false;
    }
    return true;
  }

  /** No text of JSON goes on in the next line, so no stray quote hides what follows. */
  #endLine(): void {
    const isOver = this.#end === "line" || (this.#end === "event" && this.#lineBytes === 0);
    // Each line of an event is a piece of a text, whatever is in it.
    this.#values = isOver ? 0 : this.#values + Number(this.#end === "event");
    if (isOver) this.#messageBytes = 0;
    this.#lineBytes = 0;
    this.#isQuoted = false;
    this.#isEscaped = false;
  }

  #count(byte: number): boolean {
    this.#lineBytes += 1;
    if (this.#isEscaped) this.#isEscaped = false;
    else if (byte === quote) this.#isQuoted = !this.#isQuoted;
    else if (this.#isQuoted) this.#isEscaped = byte === backslash;
    else if (beginnings.has(byte)) this.#values += 1;
    return this.#values <= this.#valuesMax;
  }
}
