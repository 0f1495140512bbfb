/**
 * Work that grows with what a stranger has made is a generator that pauses now and then. Who serves
 * others lets them run in its pauses; who doesn't goes through at once.
 */

/** Entries of a list between two pauses. */
export const entriesPerStep = 500;

/** Goes through all steps at once. */
export function atOnce<T>(steps: Generator<void, T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
