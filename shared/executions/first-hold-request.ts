import type { DeploymentLimits } from "../core/limits/deployment-limits.ts";
import type { Account } from "../core/money/account.ts";
import type { HoldLimits, HoldRequest, KeyCeilings } from "../core/money/hold.ts";
import { firstSliceMicrousd, type Metered } from "../core/money/slices.ts";
import { overheadMs } from "./timing.ts";

/** The deployment's limits, overridden by this owner's own. */
export function effectiveLimits(
  deployment: DeploymentLimits,
  { limits }: Account,
): DeploymentLimits {
  const { executions, ownerExecutions } = deployment;
  return {
    ...deployment,
    executions: { ...executions, max: limits.executionsMax ?? executions.max },
    ownerExecutions:
      limits.ownerExecutionsMax === null
        ? ownerExecutions
        : { ...(ownerExecutions ?? executions), max: limits.ownerExecutionsMax },
    concurrentMax: limits.concurrentMax ?? deployment.concurrentMax,
    keyConcurrentMax: limits.keyConcurrentMax ?? deployment.keyConcurrentMax,
    keyHeldPercentMax: limits.keyHeldPercentMax ?? deployment.keyHeldPercentMax,
    wallClockMs: limits.wallClockMs ?? deployment.wallClockMs,
  };
}

export interface StartToHold {
  readonly key: KeyCeilings & { readonly id: string; readonly lineageId: string | null };
  readonly execution: Metered;
  /** The owner's limits, from `effectiveLimits`. */
  readonly limits: DeploymentLimits;
  readonly now: number;
}

/** The request for the hold that a start needs, for `hold` and for `refusalOf`. */
export function firstHoldRequest(start: StartToHold): Omit<HoldRequest, "executionId"> {
  const { key, execution, limits, now } = start;
  const { executionCostMaxMicrousd, dayCostMaxMicrousd } = key;
  const holdLimits: HoldLimits = limits;
  return {
    keyId: key.id,
    lineageId: key.lineageId,
    ceilings: { executionCostMaxMicrousd, dayCostMaxMicrousd },
    amountMicrousd: firstSliceMicrousd(execution, limits.slices),
    expiresAt: now + limits.timing.queuedMsMax + execution.wallClockMs + overheadMs,
    now,
    limits: holdLimits,
  };
}
