/**
 * A future action. Actions are ordered by time, and at the same time in the order they were added.
 */
interface Due {
  readonly at: number;
  readonly sequence: number;
  readonly action: () => void;
}

export class Clock {
  /** Epoch milliseconds; never decreases. */
  now: number;
  #sequence = 0;
  /** A binary heap: each entry is due no later than the two at 2i + 1 and 2i + 2. */
  readonly #heap: Due[] = [];

  constructor(now: number) {
    this.now = now;
  }

  /** A time in the past means now. */
  at(time: number, action: () => void): void {
    const due = { at: Math.max(time, this.now), sequence: this.#sequence, action };
    this.#sequence += 1;
    let index = this.#heap.push(due) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#swapIfLater(parent, index)) break;
      index = parent;
    }
  }

  /** Runs until nothing is left to happen. */
  run(): void {
    for (let next = this.#take(); next; next = this.#take()) {
      this.now = next.at;
      next.action();
    }
  }

  #take(): Due | undefined {
    const first = this.#heap[0];
    const last = this.#heap.pop();
    if (!first || !last || first === last) return first;
    this.#heap[0] = last;
    let index = 0;
    for (;;) {
      const [left, right] = [2 * index + 1, 2 * index + 2];
      const child = this.#isLater(left, right) ? right : left;
      if (!this.#swapIfLater(index, child)) return first;
      index = child;
    }
  }

  #isLater(one: number, other: number): boolean {
    const [a, b] = [this.#heap[one], this.#heap[other]];
    if (!a || !b) return false;
    return a.at > b.at || (a.at === b.at && a.sequence > b.sequence);
  }

  #swapIfLater(parent: number, child: number): boolean {
    const [above, below] = [this.#heap[parent], this.#heap[child]];
    if (!above || !below || !this.#isLater(parent, child)) return false;
    this.#heap[parent] = below;
    this.#heap[child] = above;
    return true;
  }
}
