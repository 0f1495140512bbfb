/**
 * Work that grows with a stranger's input is a generator that pauses now and then. A server runs
 * other work in the pauses; other callers run it to the end at once.
 */

/** Entries of a list between two pauses. */
export const entriesPerStep = 500;

/** Runs all steps without a pause. */
export function atOnce<T>(steps: Generator<void, T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
