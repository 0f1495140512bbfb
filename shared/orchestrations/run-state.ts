/** How the state of a run changes. Pure. */
import { fromJsonText } from "../contract/common.ts";
import type { Value } from "../core/orchestrations/condition.ts";
import { hasStepEnded, type Judged, nextSteps } from "../core/orchestrations/next-steps.ts";
import { cutText } from "../core/usable-text.ts";
import { whyEnded } from "../executions/event-bodies.ts";
import { Execution } from "../store/executions.ts";
import type { OrchestrationRun, StepResult } from "../store/orchestrations.ts";
import { withoutText } from "./erase-answers.ts";

/** What a run reads of its executions. */
export const StepExecution = Execution.pick({
  id: true,
  status: true,
  output: true,
  outputTruncated: true,
  reason: true,
  detail: true,
  chargedMicrousd: true,
  createdAt: true,
  claimedAt: true,
  endedAt: true,
});
export type StepExecution = typeof StepExecution._output;

/** What was found of a run's executions. */
export interface Answers {
  readonly executions: ReadonlyMap<string, StepExecution>;
  /** What those cost that are gone with their thread, by their ids, in micro-USD. */
  readonly goneMicrousd: ReadonlyMap<string, number>;
}

/** All outputs together fit into the run's document, three bytes a unit at most. */
const outputLengthMax = 16_000;
const outputsLengthMax = 200_000;

/** The executions of a run that hadn't ended when it was last looked at. */
export function openExecutions({ results }: OrchestrationRun): readonly string[] {
  return results.flatMap(({ status, executionId }) =>
    status === "running" && executionId !== null ? [executionId] : [],
  );
}

/**
 * The run with what its executions have answered, and without the steps that are skipped.
 * @param judged What was found of its conditions before; it is added to.
 */
export function withAnswers(
  run: OrchestrationRun,
  { executions, goneMicrousd }: Answers,
  judged: Judged,
): { readonly run: OrchestrationRun; readonly ready: readonly number[] } {
  let { chargedMicrousd } = run;
  const lengthMax = Math.min(outputLengthMax, Math.floor(outputsLengthMax / run.results.length));
  const results = run.results.map((result): StepResult => {
    if (result.status !== "running" || result.executionId === null) return result;
    const execution = executions.get(result.executionId);
    if (!execution) {
      chargedMicrousd += goneMicrousd.get(result.executionId) ?? 0;
      return { ...result, status: "failed", error: "Its thread was deleted." };
    }
    if (execution.endedAt === null) return result;
    chargedMicrousd += execution.chargedMicrousd ?? 0;
    const answered = { ...result, ...answerIn(execution, lengthMax) };
    return result.outputDeleted ? withoutText(answered) : answered;
  });
  if (run.error !== null) {
    return { run: { ...run, chargedMicrousd, results: skipped(results) }, ready: [] };
  }
  const inputs = fromJsonText(run.inputsJson) as Value;
  const { states, ready } = nextSteps(run.steps, results, inputs, judged);
  return { run: { ...run, chargedMicrousd, results: [...states] }, ready };
}

function answerIn(execution: StepExecution, lengthMax: number): Partial<StepResult> {
  const { status, reason, detail, createdAt, claimedAt, endedAt } = execution;
  const output = execution.output ?? "";
  const isSuccess = status === "success";
  const why = reason === null ? "It was cancelled." : whyEnded(reason, detail);
  return {
    status: isSuccess ? "completed" : "failed",
    output: output === "" && !isSuccess ? null : cutText(output, lengthMax),
    outputTruncated: execution.outputTruncated || output.length > lengthMax,
    error: isSuccess ? null : why,
    durationMs: Math.max(0, (endedAt ?? createdAt) - (claimedAt ?? createdAt)),
  };
}

function skipped(results: readonly StepResult[]): StepResult[] {
  return results.map((result) =>
    result.status === "pending"
      ? { ...result, status: "skipped", error: "the run had failed" }
      : result,
  );
}

/** The run, in which nothing starts any more. */
export function failing(run: OrchestrationRun, error: string): OrchestrationRun {
  return { ...run, error: run.error ?? error, results: skipped(run.results) };
}

/**
 * The run, in which nothing is waited for: what still runs ends by itself, and is charged then,
 * once, at most what it holds.
 */
export function stopped(run: OrchestrationRun, why: string): OrchestrationRun {
  const failed = failing(run, why);
  const results = failed.results.map((result) =>
    result.status === "running" ? { ...result, status: "failed" as const, error: why } : result,
  );
  return { ...failed, results };
}

/** The run with one of its executions that can't start. */
export function refusedStep(run: OrchestrationRun, index: number, error: string): OrchestrationRun {
  const results = run.results.map(
    (result, other): StepResult =>
      other === index ? { ...result, status: "failed", error } : result,
  );
  return { ...run, results };
}

/** Whether nothing of it runs or will run. */
export function isOver({ results }: OrchestrationRun): boolean {
  return results.every(hasStepEnded);
}

/** The run as it ends, with the first failure as its reason. */
export function endedRun(run: OrchestrationRun, now: number): OrchestrationRun {
  const failed = run.results.find(({ status }) => status === "failed");
  const name = run.steps.find(({ id }) => id === failed?.stepId)?.name;
  const error =
    run.error ?? (failed ? `The step ${JSON.stringify(name ?? "")} failed: ${failed.error}` : null);
  const status = error === null ? "completed" : "failed";
  return { ...run, status, error, completedAt: now, dueAt: null, waitingSince: null };
}
