/**
 * What one stream may read to catch up. It counts as one request, however many documents that
 * takes, so it ends when they are used up, and is resumed by another that counts (TEN-2).
 */
export class ReadAllowance {
  #left: number;

  constructor(readsMax: number) {
    this.#left = readsMax;
  }

  /** A query that finds nothing is billed as a read, too. */
  count(documents: number): void {
    this.#left -= Math.max(1, documents);
  }

  get areUsedUp(): boolean {
    return this.#left <= 0;
  }
}
