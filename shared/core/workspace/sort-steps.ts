/** Sorts in steps, because thousands of long paths with one beginning take a second to sort. */
import { Pace } from "../steps.ts";
import { compareTree } from "./tree-order.ts";

interface Placed {
  readonly path: string;
}

interface Order<T> {
  /** Negative if `a` comes first. */
  readonly compare: (a: T, b: T) => number;
  /** The work of a comparison with this item. */
  readonly weigh: (item: T) => number;
}

interface Keyed<T> {
  readonly item: T;
  readonly key: Buffer;
}

const byKey: Order<Keyed<unknown>> = {
  compare: (a, b) => Buffer.compare(a.key, b.key),
  // Memory is compared several bytes at a time.
  weigh: ({ key }) => 64 + key.length / 8,
};
const byTree: Order<Placed> = {
  compare: (a, b) => compareTree(a.path, b.path),
  weigh: ({ path }) => 64 + path.length,
};

/** Sorts entries with confined paths into a manifest's order. */
export function treeSortSteps<T extends Placed>(entries: readonly T[]): Generator<void, T[]> {
  // No path holds U+0000, so it can stand for the character that ranks below all others.
  return sortSteps(entries, ({ path }) => path.replaceAll("/", "\0"));
}

/** Merges two lists in tree order. */
export function mergeSortedSteps<T extends Placed>(
  one: readonly T[],
  other: readonly T[],
): Generator<void, readonly T[]> {
  return mergeRuns(one, other, byTree, new Pace());
}

/**
 * A natural merge sort by the UTF-8 bytes of a text: items with equal texts keep their order, and
 * sorted items take one pass.
 */
export function* sortSteps<T>(
  items: readonly T[],
  textOf: (item: T) => string,
): Generator<void, T[]> {
  const pace = new Pace();
  let runs: (readonly Keyed<T>[])[] = yield* runsOf(items, textOf, pace);
  while (runs.length > 1) {
    const merged: (readonly Keyed<T>[])[] = [];
    for (let index = 0; index < runs.length; index += 2) {
      const [one = [], other = []] = runs.slice(index, index + 2);
      merged.push(yield* mergeRuns(one, other, byKey, pace));
    }
    runs = merged;
  }
  return (runs[0] ?? []).map(({ item }) => item);
}

/** Cuts a list into parts that are sorted already. */
function* runsOf<T>(
  items: readonly T[],
  textOf: (item: T) => string,
  pace: Pace,
): Generator<void, Keyed<T>[][]> {
  const runs: Keyed<T>[][] = [];
  let previous: Keyed<T> | undefined;
  for (const item of items) {
    const keyed = { item, key: Buffer.from(textOf(item)) };
    if (pace.isDue(64 + keyed.key.length)) yield;
    if (previous === undefined || byKey.compare(previous, keyed) > 0) runs.push([]);
    runs.at(-1)?.push(keyed);
    previous = keyed;
  }
  return runs;
}

function* mergeRuns<T>(
  one: readonly T[],
  other: readonly T[],
  order: Order<T>,
  pace: Pace,
): Generator<void, readonly T[]> {
  if (other.length === 0) return one;
  const merge = new RunMerge(one, other, order);
  while (!merge.advance(pace)) yield;
  return merge.merged;
}

/** Two sorted lists on their way to one. Its loop isn't a generator's, which would be slower. */
class RunMerge<T> {
  readonly merged: T[] = [];
  readonly #one: readonly T[];
  readonly #other: readonly T[];
  readonly #order: Order<T>;
  #left = 0;
  #right = 0;

  constructor(one: readonly T[], other: readonly T[], order: Order<T>) {
    this.#one = one;
    this.#other = other;
    this.#order = order;
  }

  /** Goes on until a pause is due. @returns Whether all is merged. */
  advance(pace: Pace): boolean {
    const { compare, weigh } = this.#order;
    for (;;) {
      const one = this.#one[this.#left];
      const other = this.#other[this.#right];
      const isOne = other === undefined || (one !== undefined && compare(one, other) <= 0);
      const next = isOne ? one : other;
      if (next === undefined) return true;
      this.merged.push(next);
      if (isOne) this.#left += 1;
      else this.#right += 1;
      if (pace.isDue(weigh(next))) return false;
    }
  }
}
