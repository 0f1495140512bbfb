import { deploymentLimits } from "../config.ts";
import { toJsonText } from "../contract/common.ts";
import { itemsMessage, type OrchestrationRunCreate } from "../contract/orchestration.ts";
import type { Account } from "../core/money/account.ts";
import type { KeyCeilings } from "../core/money/hold.ts";
import { holdRun } from "../core/money/hold-run.ts";
import { computeCostMicrousd, microusd } from "../core/money/pricing.ts";
import { isMapped, newStates } from "../core/orchestrations/next-steps.ts";
import { runExecutionsMax, runMsMax } from "../core/orchestrations/words.ts";
import { expiryOf } from "../core/retention/expiry.ts";
import { ApiError } from "../errors/api-error.ts";
import { effectiveLimits } from "../executions/first-hold-request.ts";
import { defaultModel, shellModel } from "../executions/models.ts";
import { startRefusal } from "../executions/start-refusal.ts";
import type { ApiKey } from "../store/api-keys.ts";
import { StaleRead } from "../store/change.ts";
import type { Environment } from "../store/environments.ts";
import type { Orchestration, OrchestrationRun } from "../store/orchestrations.ts";
import { itemsIn } from "./step-input.ts";

const noScript = "are needed, since its agent runs them as a script";

interface RunStart {
  readonly id: string;
  /** The request's digest, if it has an Idempotency-Key. */
  readonly requestSha256: string | null;
  readonly key: ApiKey;
  readonly orchestration: Orchestration;
  readonly environment: Environment;
  /** The model of each step's agent. */
  readonly models: ReadonlyMap<string, string>;
  readonly account: Account;
  readonly now: number;
}

/**
 * A run whose steps are still to start, and the account with all that they may cost set aside.
 * @throws {ApiError} 400 for items that can't be split or steps that can't run, 402 or 429 if the
 * money isn't there. @throws {StaleRead} to be read again.
 */
export function newRun(
  body: OrchestrationRunCreate,
  start: RunStart,
): { readonly run: OrchestrationRun; readonly account: Account } {
  const { id, key, orchestration, account, now } = start;
  const { strategy, steps } = orchestration;
  // The same Idempotency-Key was committed after its run was looked up.
  if (account.runs[id]) throw new StaleRead();
  requireScripts(start);
  const inputsJson = toJsonText(body.inputs);
  const states = newStates(strategy, steps, itemCount(orchestration, inputsJson));
  if (states.length > runExecutionsMax) throw itemsRefused();
  const place = { executionId: null, threadId: null, outputTruncated: false, outputDeleted: false };
  const results = states.map((state) => ({ ...state, ...place, durationMs: null }));
  const stated = body.maxCost ?? null;
  const amountMicrousd = stated === null ? usualMicrousd(results, start) : microusd(stated);
  const deadlineAt = now + runMsMax;
  const run: OrchestrationRun = {
    v: 1,
    id,
    ownerId: key.ownerId,
    mode: key.mode,
    orchestrationId: orchestration.id,
    environmentId: orchestration.environmentId,
    keyId: key.id,
    name: orchestration.name,
    strategy,
    steps,
    inputsJson,
    requestSha256: start.requestSha256,
    status: "pending",
    results,
    error: null,
    holdMicrousd: amountMicrousd,
    chargedMicrousd: 0,
    deadlineAt,
    waitingSince: null,
    failures: 0,
    dueAt: now,
    createdAt: now,
    completedAt: null,
    expireAt: expiryOf("automationLogs", now),
  };
  return { run, account: heldFor(run, { key, account, now }) };
}

/** An agent that runs its instructions as a script needs some; its model may change later. */
function requireScripts({ orchestration: { steps }, models }: RunStart): void {
  const details = steps.flatMap(({ agentId, instructions }, index) =>
    models.get(agentId) === shellModel && !instructions
      ? [{ field: `steps.${index}.instructions`, message: noScript }]
      : [],
  );
  if (details.length === 0) return;
  const message = `A step's instructions ${noScript}.`;
  throw new ApiError("VALIDATION_FAILED", { message, details });
}

function itemCount({ strategy, steps }: Orchestration, inputsJson: string): number {
  if (!steps.some((step) => isMapped(strategy, step))) return 0;
  const { length } = itemsIn(inputsJson);
  if (length === 0) throw itemsRefused();
  return length;
}

function itemsRefused(): ApiError {
  const details = [{ field: "inputs.items", message: itemsMessage }];
  return new ApiError("VALIDATION_FAILED", { details });
}

/** The whole time of all its executions, and an allowance for those that call models. */
function usualMicrousd(results: OrchestrationRun["results"], start: RunStart): number {
  const { orchestration, environment, models, account } = start;
  const deployment = deploymentLimits();
  const { wallClockMs } = effectiveLimits(deployment, account);
  const time = computeCostMicrousd(environment.profile, wallClockMs);
  return results.reduce((sum, { stepId }) => {
    const agentId = orchestration.steps.find(({ id }) => id === stepId)?.agentId ?? "";
    const model = models.get(agentId) ?? defaultModel();
    const calls = model === shellModel ? 0 : deployment.orchestrations.stepModelMicrousd;
    return sum + time + calls;
  }, 0);
}

function heldFor(
  run: OrchestrationRun,
  start: {
    readonly key: KeyCeilings & { readonly id: string; readonly lineageId: string | null };
    readonly account: Account;
    readonly now: number;
  },
): Account {
  const { key, account, now } = start;
  const deployment = deploymentLimits();
  const limits = effectiveLimits(deployment, account);
  const { runsMax } = deployment.orchestrations;
  const { executionCostMaxMicrousd, dayCostMaxMicrousd } = key;
  const held = holdRun(account, {
    runId: run.id,
    orchestrationId: run.orchestrationId,
    keyId: key.id,
    lineageId: key.lineageId,
    ceilings: { executionCostMaxMicrousd, dayCostMaxMicrousd },
    amountMicrousd: run.holdMicrousd,
    expiresAt: run.deadlineAt,
    now,
    limits,
    runsMax,
  });
  if (held.granted) return held.account;
  if (held.refusal !== "RUNS_LIMITED") throw startRefusal(held.refusal, { account, limits, now });
  throw new ApiError("CONCURRENCY_LIMITED", {
    message: `At most ${runsMax} runs of orchestrations of an account go on at once.`,
    details: { running: runsMax, limit: runsMax },
    headers: { "retry-after": "30" },
  });
}
