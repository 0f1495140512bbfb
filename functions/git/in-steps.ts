/** Runs what works in steps, and lets other requests go on between them. */
import type { ReadBudget } from "#shared/core/git/read-budget";

export async function inSteps<T>(steps: Generator<void, T>, budget: ReadBudget): Promise<T> {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    await budget.pause();
  }
}
