/** So many pieces are joined, because each takes some hundred bytes beside its own. */
const piecesMax = 256;

/** Bytes that come in pieces, which may be of a byte each. */
export class Pieces {
  #joined: Buffer[] = [];
  #pieces: Buffer[] = [];
  #bytes = 0;

  /** How many bytes have come. */
  get bytes(): number {
    return this.#bytes;
  }

  add(piece: Buffer): void {
    this.#bytes += piece.length;
    this.#pieces.push(piece);
    if (this.#pieces.length < piecesMax) return;
    this.#joined.push(Buffer.concat(this.#pieces));
    this.#pieces = [];
  }

  /** All of them in a buffer of their own; nothing is held any more. */
  take(): Buffer {
    const all = Buffer.concat([...this.#joined, ...this.#pieces]);
    this.clear();
    return all;
  }

  clear(): void {
    this.#joined = [];
    this.#pieces = [];
    this.#bytes = 0;
  }
}
