/** What becomes of a run's steps next: which start, and which are skipped. Pure. */
import { ConditionError, parseCondition, type Value } from "./condition.ts";
import { isTrue } from "./is-true.ts";
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

/** Why a step doesn't start: what its places become. */
interface Unstarted {
  readonly status: "skipped" | "failed";
  readonly error: string | null;
}

/**
 * What was found of a run's steps: null for those that may start. A step is judged once all that it
 * waits for has ended, so what was found stays so, and no condition is evaluated twice.
 */
export type Judged = Map<string, Unstarted | null>;

/**
 * Once one has failed, nothing starts any more, and what hadn't started is skipped. A skipped step
 * may free or skip others, so it goes on until nothing changes; each round ends at least one step.
 * @param judged Of this run alone; what is found now is added to it.
 */
export function nextSteps<T extends StepState>(
  steps: readonly PlannedStep[],
  before: readonly T[],
  inputs: Value,
  judged: Judged = new Map(),
): Next<T> {
  let states = before;
  for (;;) {
    if (states.some(({ status }) => status === "failed")) return afterFailure(states);
    const free = freeSteps(steps, states);
    for (const step of free) {
      if (!judged.has(step.id)) judged.set(step.id, judge(step, { steps, states, inputs }));
    }
    const ready = new Set(free.flatMap(({ id }) => (judged.get(id) === null ? [id] : [])));
    if (ready.size === free.length) return { states, ready: placesOf(ready, states) };
    const current = new Set(free.map(({ id }) => id));
    states = states.map((one) =>
      one.status === "pending" && current.has(one.stepId)
        ? { ...one, ...judged.get(one.stepId) }
        : one,
    );
  }
}

function afterFailure<T extends StepState>(states: readonly T[]): Next<T> {
  const unstarted = { status: "skipped", error: "a step before it failed" } as const;
  const ended = states.map((one) => (one.status === "pending" ? { ...one, ...unstarted } : one));
  return { states: ended, ready: [] };
}

/** The steps with places that haven't started, though all that they wait for has ended. */
function freeSteps(
  steps: readonly PlannedStep[],
  states: readonly StepState[],
): readonly PlannedStep[] {
  const pending = new Set<string>();
  const open = new Set<string>();
  for (const state of states) {
    if (state.status === "pending") pending.add(state.stepId);
    if (!hasStepEnded(state)) open.add(state.stepId);
  }
  return steps.filter(({ id, after }) => pending.has(id) && !after.some((one) => open.has(one)));
}

function placesOf(ready: ReadonlySet<string>, states: readonly StepState[]): readonly number[] {
  return states.flatMap(({ status, stepId }, index) =>
    status === "pending" && ready.has(stepId) ? [index] : [],
  );
}

/** Whether a step may start, which is null, or what becomes of it. */
function judge(
  { needs, condition }: PlannedStep,
  run: {
    readonly steps: readonly PlannedStep[];
    readonly states: readonly StepState[];
    readonly inputs: Value;
  },
): Unstarted | null {
  const needed = run.states.filter(({ stepId }) => needs.includes(stepId));
  if (needed.length > 0 && needed.every(({ status }) => status === "skipped")) {
    return { status: "skipped", error: "all steps that it depends on were skipped" };
  }
  if (condition === null) return null;
  try {
    const known = knownTo(run.steps, run.states, run.inputs);
    if (isTrue(parseCondition(condition), known)) return null;
    return { status: "skipped", error: "its condition isn't true" };
  } catch (cause) {
    // It may also have been stored by a version that took more.
    if (!(cause instanceof ConditionError)) throw cause;
    return { status: "failed", error: `its condition ${cause.why}` };
  }
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
