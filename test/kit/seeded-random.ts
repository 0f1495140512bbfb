import { seededNumbers } from "../../sim/seeded-numbers.ts";

/** Chooses at random, the same for the same seed. */
export class SeededRandom {
  readonly #unit: () => number;
  constructor(seed: number) {
    this.#unit = seededNumbers(seed);
  }
  below(max: number): number {
    return Math.floor(this.#unit() * max);
  }
  of<const T>(values: readonly T[]): T {
    const value = values[this.below(values.length)];
    if (value === undefined) throw new Error("there is nothing to choose from");
    return value;
  }
  /** All of them in random order (Fisher and Yates). */
  shuffled<const T>(values: readonly T[]): readonly T[] {
    const left = [...values];
    return values.flatMap(() => left.splice(this.below(left.length), 1));
  }
}
