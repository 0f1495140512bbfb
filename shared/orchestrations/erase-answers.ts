/**
 * A run has copies of what its steps answered. A commit that deletes a thread or a message takes
 * them away in the same commit, and leaves a mark. The commit names the run's version, as does each
 * that copies an answer: of two at once, one fails, reads again, and finds the copy or the mark.
 */
import type { Owner } from "../identity/owner.ts";
import { replace, type Write } from "../store/documents.ts";
import {
  type OrchestrationRun,
  orchestrationRuns,
  type StepResult,
} from "../store/orchestrations.ts";
import type { FoundDocument } from "../store/read-document.ts";
import type { ReadStore } from "../store/store.ts";
import type { Thread } from "../store/threads.ts";

export type FoundRun = FoundDocument<typeof orchestrationRuns.schema>;

const answerDeleted = "What it answered was deleted.";

/** The run that the thread is a step of; null if there is none, or none any more. */
export async function readRunOf(
  store: Pick<ReadStore, "get">,
  owner: Owner,
  { orchestrationRun: place }: Pick<Thread, "orchestrationRun">,
): Promise<FoundRun | null> {
  if (place === null) return null;
  const found = await store.get(orchestrationRuns.of(owner, place.orchestrationId, place.id));
  return found.version ? found : null;
}

/** The write that takes answers out of a run; none if it has nothing of them. Pure. */
export function eraseAnswers(
  found: FoundRun | null,
  isGone: (result: StepResult) => boolean,
): readonly Write[] {
  if (found === null) return [];
  const { ref, value, version } = found;
  const isErased = (result: StepResult) => !result.outputDeleted && isGone(result);
  if (!value.results.some(isErased)) return [];
  return [replace(ref, version, value.results.filter(isErased).reduce(withoutAnswer, value))];
}

function withoutAnswer(run: OrchestrationRun, erased: StepResult): OrchestrationRun {
  const results = run.results.map((result) =>
    result === erased ? { ...withoutText(result), outputDeleted: true } : result,
  );
  // A run that failed quotes the step that failed.
  const error = erased.error && (run.error?.replace(erased.error, answerDeleted) ?? null);
  return { ...run, results, error: error || run.error };
}

/** The result without what was said; its status, its times and its cost stay. */
export function withoutText(result: StepResult): StepResult {
  const error = result.error === null ? null : answerDeleted;
  return { ...result, output: null, outputTruncated: false, error };
}
