/** Sorts by bytes, with pauses: names that begin alike take as long as they are alike. */
import { compareBytewise } from "../workspace/tree-order.ts";
import type { ReadBudget } from "./read-budget.ts";

export function* sortedInSteps<T>(
  items: readonly T[],
  nameOf: (item: T) => string,
  budget: ReadBudget,
): Generator<void, T[]> {
  let sorted = [...items];
  for (let width = 1; width < sorted.length; width *= 2) {
    const merged: T[] = [];
    for (let start = 0; start < sorted.length; start += 2 * width) {
      const left = sorted.slice(start, start + width);
      const right = sorted.slice(start + width, start + 2 * width);
      yield* merge(left, right, { nameOf, budget, merged });
    }
    sorted = merged;
  }
  return sorted;
}

interface Merging<T> {
  readonly nameOf: (item: T) => string;
  readonly budget: ReadBudget;
  readonly merged: T[];
}

function* merge<T>(
  left: readonly T[],
  right: readonly T[],
  { nameOf, budget, merged }: Merging<T>,
): Generator<void, void> {
  let next = 0;
  for (const item of left) {
    const name = nameOf(item);
    for (let other = right[next]; other !== undefined; other = right[next]) {
      if (budget.work(4 + name.length / 8)) yield;
      if (compareBytewise(nameOf(other), name) >= 0) break;
      merged.push(other);
      next += 1;
    }
    merged.push(item);
  }
  for (const item of right.slice(next)) merged.push(item);
}
