import { toJsonText } from "../contract/common.ts";
import type { OrchestrationCreate, OrchestrationUpdate } from "../contract/orchestration.ts";
import { resolveSteps } from "../core/orchestrations/resolve-steps.ts";
import type { Strategy } from "../core/orchestrations/words.ts";
import { ApiError } from "../errors/api-error.ts";
import type { Orchestration, OrchestrationStep } from "../store/orchestrations.ts";

type StepsInput = OrchestrationCreate["steps"];

/** The document of a new orchestration. @throws {ApiError} 400, naming the step that is wrong. */
export function newOrchestration(
  body: OrchestrationCreate,
  made: {
    readonly id: string;
    readonly environmentId: string;
    readonly newStepId: () => string;
    readonly now: number;
  },
): Orchestration {
  const { id, environmentId, newStepId, now } = made;
  return {
    v: 1,
    id,
    name: body.name,
    environmentId,
    strategy: body.strategy,
    coordinatorAgentId: body.coordinatorAgentId ?? null,
    steps: stepsFrom(body.strategy, body.steps, { known: [], newStepId }),
    status: "active",
    createdAt: now,
    updatedAt: now,
  };
}

/** Whether a change says what later runs do; a name doesn't, nor does putting it away. */
export function changesRuns({ name: _name, status, ...rest }: OrchestrationUpdate): boolean {
  const allowsRuns = status !== undefined && status !== "archived";
  return allowsRuns || Object.values(rest).some((value) => value !== undefined);
}

/** The fields of a changed orchestration. @throws {ApiError} 400, naming the step that is wrong. */
export function changedOrchestration(
  body: OrchestrationUpdate,
  before: Orchestration,
  { newStepId, now }: { readonly newStepId: () => string; readonly now: number },
): Partial<Orchestration> {
  const { coordinatorAgentId: coordinator, strategy = before.strategy } = body;
  const steps = body.steps ?? before.steps.map(asInput);
  const isOrdered = body.steps !== undefined || body.strategy !== undefined;
  return {
    name: body.name ?? before.name,
    strategy,
    coordinatorAgentId: coordinator === undefined ? before.coordinatorAgentId : coordinator,
    steps: isOrdered
      ? stepsFrom(strategy, steps, { known: before.steps, newStepId })
      : before.steps,
    status: body.status ?? before.status,
    updatedAt: now,
  };
}

function asInput(step: OrchestrationStep): StepsInput[number] {
  const { id, name, agentId, instructions, inputsJson, dependsOn, condition } = step;
  return { id, name, agentId, instructions, inputs: JSON.parse(inputsJson), dependsOn, condition };
}

function stepsFrom(
  strategy: Strategy,
  stated: StepsInput,
  ids: { readonly known: readonly OrchestrationStep[]; readonly newStepId: () => string },
): OrchestrationStep[] {
  const used = new Set<string>();
  const steps = stated.map((step) => {
    const isKept = ids.known.some(({ id }) => id === step.id) && !used.has(step.id ?? "");
    const id = isKept && step.id !== undefined ? step.id : ids.newStepId();
    used.add(id);
    return {
      id,
      name: step.name,
      agentId: step.agentId,
      instructions: step.instructions || null,
      inputsJson: toJsonText(step.inputs),
      dependsOn: [...(step.dependsOn ?? [])],
      condition: step.condition ?? null,
    };
  });
  const resolved = resolveSteps(strategy, steps);
  if ("faults" in resolved) {
    const details = resolved.faults.map(({ index, field, message }) => ({
      field: `steps.${index}.${field}`,
      message,
    }));
    throw new ApiError("VALIDATION_FAILED", { details });
  }
  return steps.map((step, index) => {
    const { needs = [], after = [] } = resolved.orders[index] ?? {};
    return { ...step, needs: [...needs], after: [...after] };
  });
}
