/**
 * Work that grows with a stranger's input is a generator that pauses now and then. A server runs
 * other work in the pauses; other callers run it to the end at once.
 */

/** The work between two pauses, in bytes or characters looked at: a few milliseconds. */
export const workPerStep = 256 * 1024;

/**
 * Says when a pause is due. It counts work instead of items, because one item may cost a thousand
 * times as much as another.
 */
export class Pace {
  #work = 0;

  /** @returns Whether this work ends a step; then the caller yields. */
  isDue(work: number): boolean {
    this.#work += work;
    if (this.#work < workPerStep) return false;
    this.#work = 0;
    return true;
  }
}

/** Runs all steps without a pause. */
export function atOnce<T>(steps: Generator<void, T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
