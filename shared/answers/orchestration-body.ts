import type * as z from "zod";
import { fromJsonText, iso, isoOrNull, usd } from "../contract/common.ts";
import type { OrchestrationBody, OrchestrationRunBody } from "../contract/orchestration.ts";
import type { Orchestration, OrchestrationRun } from "../store/orchestrations.ts";

/** An orchestration as the API shows it. */
export function orchestrationBody(
  orchestration: Orchestration,
  ownerId: string,
): z.input<typeof OrchestrationBody> {
  const { id, name, environmentId, strategy, coordinatorAgentId, status } = orchestration;
  return {
    ...{ id, userId: ownerId, name, environmentId, strategy, coordinatorAgentId },
    steps: orchestration.steps.map((step) => ({
      id: step.id,
      agentId: step.agentId,
      name: step.name,
      instructions: step.instructions,
      inputs: fromJsonText(step.inputsJson),
      dependsOn: step.dependsOn,
      condition: step.condition,
    })),
    status,
    createdAt: iso(orchestration.createdAt),
    updatedAt: iso(orchestration.updatedAt),
  };
}

/** A run as the API shows it, with a result for each execution that it has or will have. */
export function orchestrationRunBody(run: OrchestrationRun): z.input<typeof OrchestrationRunBody> {
  const byId = new Map(run.steps.map((step) => [step.id, step]));
  return {
    id: run.id,
    orchestrationId: run.orchestrationId,
    threadId: null,
    status: run.status,
    inputs: fromJsonText(run.inputsJson),
    stepResults: run.results.map(({ executionId, ...result }) => {
      const { name = "", agentId = "" } = byId.get(result.stepId) ?? {};
      return { ...result, stepName: name, agentId, runId: executionId };
    }),
    error: run.error,
    keyId: run.keyId,
    maxCost: usd(run.holdMicrousd),
    cost: usd(run.chargedMicrousd),
    createdAt: iso(run.createdAt),
    completedAt: isoOrNull(run.completedAt),
  };
}
