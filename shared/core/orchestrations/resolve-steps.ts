/** Which steps wait for which, resolved when an orchestration is made or changed. Pure. */
import { ConditionError, parseCondition, stepsIn } from "./condition.ts";
import type { Strategy } from "./words.ts";

export interface NamedStep {
  readonly id: string;
  readonly name: string;
  /** Ids, names, or `step_<n>` for the nth step, counted from one. */
  readonly dependsOn: readonly string[];
  readonly condition: string | null;
}

/** A fault in the nth step's field, in words that continue a sentence naming the field. */
export interface StepFault {
  readonly index: number;
  readonly field: "dependsOn" | "condition" | "name";
  readonly message: string;
}

/** The ids of the steps that each step waits for. */
export interface StepOrder {
  /** Those that it needs: it is skipped if all of them were. */
  readonly needs: readonly string[];
  /** All that it waits for, whatever becomes of them. */
  readonly after: readonly string[];
}

export type Resolved =
  | { readonly orders: readonly StepOrder[] }
  | { readonly faults: readonly StepFault[] };

export function resolveSteps(strategy: Strategy, steps: readonly NamedStep[]): Resolved {
  const faults: StepFault[] = [];
  const stated = steps.map((step, index) => {
    const fault = (field: StepFault["field"], message: string) =>
      faults.push({ index, field, message });
    const find = (field: StepFault["field"], reference: string): readonly string[] => {
      const found = findStep(steps, reference);
      if (typeof found !== "string") return [found.id];
      fault(field, found);
      return [];
    };
    const needs = step.dependsOn.flatMap((reference) => find("dependsOn", reference));
    const read = conditionSteps(step.condition, (message) => fault("condition", message));
    return { needs, read: read.flatMap((reference) => find("condition", reference)) };
  });
  if (faults.length > 0) return { faults };
  const reduces = reducers(strategy, stated);
  const orders = stated.map(({ needs, read }, index) => {
    const all = reduces && index === steps.length - 1 ? idsBefore(steps, index) : needs;
    const before = strategy === "sequential" ? idsBefore(steps, index) : [];
    return { needs: unique(all), after: unique([...all, ...read, ...before]) };
  });
  const cycle = findCycle(steps, orders);
  return cycle ? { faults: [cycle] } : { orders };
}

/** In `map_reduce` without any dependency, the last step takes what all others answered. */
function reducers(
  strategy: Strategy,
  stated: readonly { readonly needs: readonly string[] }[],
): boolean {
  const isFlat = stated.every(({ needs }) => needs.length === 0);
  return strategy === "map_reduce" && stated.length > 1 && isFlat;
}

const idsBefore = (steps: readonly NamedStep[], index: number) =>
  steps.slice(0, index).map(({ id }) => id);

const unique = (ids: readonly string[]) => [...new Set(ids)];

function conditionSteps(
  condition: string | null,
  fault: (message: string) => void,
): readonly string[] {
  if (condition === null) return [];
  try {
    return unique(stepsIn(parseCondition(condition)));
  } catch (cause) {
    if (!(cause instanceof ConditionError)) throw cause;
    fault(cause.why);
    return [];
  }
}

const ordinal = /^step_(?<n>[1-9][0-9]{0,2})$/;

/** The step that an id, a name or `step_<n>` names, tried in this order; else what is wrong. */
export function findStep<T extends Pick<NamedStep, "id" | "name">>(
  steps: readonly T[],
  reference: string,
): T | string {
  const byId = steps.find(({ id }) => id === reference);
  if (byId) return byId;
  const [named, other] = steps.filter(({ name }) => name === reference);
  if (named && other) return `names ${JSON.stringify(reference)}, as two steps are called`;
  if (named) return named;
  const { n = "" } = ordinal.exec(reference)?.groups ?? {};
  const numbered = n === "" ? undefined : steps[Number(n) - 1];
  return numbered ?? `names no step: ${JSON.stringify(reference)}`;
}

/** Takes away what waits for nothing that is left, until nothing is left or all of it waits. */
function findCycle(steps: readonly NamedStep[], orders: readonly StepOrder[]): StepFault | null {
  const waiting = new Map(steps.map(({ id }, index) => [id, orders[index]?.after ?? []]));
  for (;;) {
    const free = [...waiting].filter(([, after]) => !after.some((id) => waiting.has(id)));
    if (free.length === 0) break;
    for (const [id] of free) waiting.delete(id);
  }
  const index = steps.findIndex(({ id }) => waiting.has(id));
  if (index < 0) return null;
  const names = steps.filter(({ id }) => waiting.has(id)).map(({ name }) => JSON.stringify(name));
  const message = `makes steps wait for each other: ${names.join(", ")}`;
  return { index, field: "dependsOn", message };
}
