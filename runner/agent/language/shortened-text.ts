/** Keeps the beginning and the end of a long text, where most of its meaning is. */

const headLengthMax = 12_000;
const tailLengthMax = 18_000;

export class ShortenedText {
  #head = "";
  #tail = "";
  #length = 0;

  add(piece: string): void {
    this.#length += piece.length;
    const room = headLengthMax - this.#head.length;
    this.#head += piece.slice(0, Math.max(0, room));
    this.#tail += piece.slice(Math.max(0, room));
    if (this.#tail.length > 2 * tailLengthMax) this.#tail = this.#tail.slice(-tailLengthMax);
  }

  text(): string {
    const tail = this.#tail.slice(-tailLengthMax);
    const left = this.#length - this.#head.length - tail.length;
    if (left <= 0) return this.#head + tail;
    const end = tail.toWellFormed();
    return `${this.#head.toWellFormed()}\n[… ${left} characters are left out here …]\n${end}`;
  }
}
