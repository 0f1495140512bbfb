/**
 * Counts what a stream reads to catch up. A stream is one request to the request limits, however
 * many documents it reads. So it ends when they are used up, and resuming it is another request
 * (TEN-2).
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
