import type { Owner } from "../identity/owner.ts";
import { environments } from "../store/environments.ts";
import type { Execution } from "../store/executions.ts";
import { chargeableCostMicrousd, hasAskedForJob } from "./end-execution.ts";
import { endAbandoned, type SweepDeps } from "./sweep.ts";

/**
 * Ends a queued execution that no runner can claim, because another container would fail like this
 * one. If its owner has deleted its environment, the owner pays for the container. Otherwise the
 * fault is ours, and it is free.
 */
export async function endUnclaimable(
  deps: SweepDeps,
  owner: Owner,
  { id, attempt, environmentId }: Execution,
): Promise<void> {
  const { value: environment } = await deps.store.get(environments.of(owner, environmentId));
  await endAbandoned(deps, owner, {
    id,
    reason: "secrets_unavailable",
    when: (execution) => execution.status === "queued" && execution.attempt === attempt,
    costMicrousd: (execution) =>
      environment === null && hasAskedForJob(execution)
        ? chargeableCostMicrousd(execution, deps.now())
        : 0,
  });
}
