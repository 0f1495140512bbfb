/** What becomes of a run's steps next: which start, and which are skipped. Pure. */
import { isTrue, parseCondition, type Value } from "./condition.ts";
import type { StepOrder } from "./resolve-steps.ts";
import type { StepStatus, Strategy } from "./words.ts";

export interface PlannedStep extends StepOrder {
  readonly id: string;
  readonly name: string;
  readonly condition: string | null;
}

/** One execution of a step, or the place of one. */
export interface StepState {
  readonly stepId: string;
  /** Which of the run's items it is for; null if its step runs once. */
  readonly itemIndex: number | null;
  readonly status: StepStatus;
  readonly output: string | null;
  readonly error: string | null;
}

const ended: readonly StepStatus[] = ["completed", "failed", "skipped"];
export const hasStepEnded = ({ status }: Pick<StepState, "status">) => ended.includes(status);

/** The steps that run once for each item: in `map_reduce`, those that wait for nothing. */
export function isMapped(strategy: Strategy, { after }: Pick<PlannedStep, "after">): boolean {
  return strategy === "map_reduce" && after.length === 0;
}

/** The places of a run's executions, in the order of its steps. */
export function newStates(
  strategy: Strategy,
  steps: readonly PlannedStep[],
  itemCount: number,
): readonly StepState[] {
  const state = { status: "pending", output: null, error: null } as const;
  return steps.flatMap((step): readonly StepState[] =>
    isMapped(strategy, step)
      ? Array.from({ length: itemCount }, (_, itemIndex) => ({
          ...state,
          stepId: step.id,
          itemIndex,
        }))
      : [{ ...state, stepId: step.id, itemIndex: null }],
  );
}

export interface Next<T extends StepState> {
  /** All states, with those that are skipped now. */
  readonly states: readonly T[];
  /** The indexes of those that may start now. */
  readonly ready: readonly number[];
}

/**
 * Once one has failed, nothing starts any more, and what hadn't started is skipped. A skipped step
 * may free or skip others, so it goes on until nothing changes; each round skips at least one.
 */
export function nextSteps<T extends StepState>(
  steps: readonly PlannedStep[],
  before: readonly T[],
  inputs: Value,
): Next<T> {
  const skip = (state: T, error: string | null = null): T =>
    ({ ...state, status: "skipped", error }) satisfies T;
  if (before.some(({ status }) => status === "failed")) {
    const why = "a step before it failed";
    const states = before.map((one) => (one.status === "pending" ? skip(one, why) : one));
    return { states, ready: [] };
  }
  let states = before;
  for (;;) {
    const known = knownTo(steps, states, inputs);
    const current = states;
    const next = current.map((state) => {
      const step = steps.find(({ id }) => id === state.stepId);
      if (state.status !== "pending" || !step || !isFree(step, current)) return state;
      const why = whySkipped(step, current, known);
      return why === null ? state : skip(state, why);
    });
    const changed = next.some((state, index) => state !== current[index]);
    states = next;
    if (!changed) break;
  }
  const ready = states.flatMap(({ status, stepId }, index) => {
    const step = steps.find(({ id }) => id === stepId);
    return status === "pending" && step && isFree(step, states) ? [index] : [];
  });
  return { states, ready };
}

function isFree({ after }: PlannedStep, states: readonly StepState[]): boolean {
  return states.filter(({ stepId }) => after.includes(stepId)).every(hasStepEnded);
}

function whySkipped(
  { needs, condition }: PlannedStep,
  states: readonly StepState[],
  known: Value,
): string | null {
  const needed = states.filter(({ stepId }) => needs.includes(stepId));
  if (needed.length > 0 && needed.every(({ status }) => status === "skipped")) {
    return "all steps that it depends on were skipped";
  }
  if (condition === null || isTrue(parseCondition(condition), known)) return null;
  return "its condition isn't true";
}

/** What conditions may read: the inputs, and each step by its id, its name and its number. */
export function knownTo(
  steps: readonly PlannedStep[],
  states: readonly StepState[],
  inputs: Value,
): { readonly inputs: Value; readonly steps: Readonly<Record<string, Value>> } {
  const known = steps.map((step) => answerOf(step.id, states));
  const byNumber = known.map((answer, index) => [`step_${index + 1}`, answer] as const);
  const byName = steps.map(({ name }, index) => [name, known[index] ?? null] as const);
  const byId = steps.map(({ id }, index) => [id, known[index] ?? null] as const);
  return { inputs, steps: Object.fromEntries([...byNumber, ...byName, ...byId]) };
}

/** What one step answered; of a step that runs for each item, lists in the order of the items. */
export function answerOf(
  stepId: string,
  states: readonly StepState[],
): { readonly status: string; readonly output: Value; readonly error: Value } {
  const own = states.filter((state) => state.stepId === stepId);
  const [first] = own;
  if (first && first.itemIndex === null) {
    const { status, output, error } = first;
    return { status, output, error };
  }
  const isDone = own.every(hasStepEnded);
  const failed = own.some(({ status }) => status === "failed");
  const skipped = own.length > 0 && own.every(({ status }) => status === "skipped");
  const status = failed ? "failed" : skipped ? "skipped" : isDone ? "completed" : "running";
  return {
    status,
    output: own.map(({ output }) => output),
    error: own.map(({ error }) => error),
  };
}
