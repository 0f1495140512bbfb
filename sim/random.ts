import { seededNumbers } from "./seeded-numbers.ts";

/** Draws from distributions, the same on every machine: V8 computes `log` and `cos` in software. */
export class Random {
  /** Returns a number from 0 to below 1. */
  readonly unit: () => number;
  constructor(seed: number) {
    this.unit = seededNumbers(seed);
  }

  below(max: number): number {
    return Math.floor(this.unit() * max);
  }

  exponential(mean: number): number {
    return -Math.log(1 - this.unit()) * mean;
  }

  logNormal({ median, sigma }: { readonly median: number; readonly sigma: number }): number {
    return median * Math.exp(sigma * this.#normal());
  }

  /** A random count of something that happens `mean` times on average. */
  poisson(mean: number): number {
    if (mean > 200) return Math.max(0, Math.round(mean + Math.sqrt(mean) * this.#normal()));
    const floor = Math.exp(-mean);
    let count = 0;
    for (let product = this.unit(); product > floor; product *= this.unit()) count += 1;
    return count;
  }

  #normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.unit()));
    return radius * Math.cos(2 * Math.PI * this.unit());
  }
}
