import { budgetStatus } from "../answers/budget-status.ts";
import { iso, usd } from "../contract/common.ts";
import type { DeploymentLimits } from "../core/limits/deployment-limits.ts";
import type { Account } from "../core/money/account.ts";
import type { HoldRefusal } from "../core/money/hold.ts";
import { ApiError } from "../errors/api-error.ts";
import { rateLimited } from "../limits/limit-headers.ts";

type Refused<R extends HoldRefusal["refusal"]> = Extract<HoldRefusal, { refusal: R }>;

/** How long a client should wait until it tries again: executions end often, so not for long. */
const placeRetryAfterS = "5";

/** The answer to a start that is refused with 402 or 429, saying when to try again. */
export function startRefusal(
  refused: HoldRefusal,
  known: { readonly account: Account; readonly limits: DeploymentLimits; readonly now: number },
): ApiError {
  switch (refused.refusal) {
    case "RATE_LIMITED":
      return tooManyStarts(refused, known.limits);
    case "KEYS_LIMITED":
      return keysLimited(refused, known.now);
    case "CONCURRENCY_LIMITED":
      return concurrencyLimited(refused);
    case "KEY_SHARE_LIMITED":
      return shareLimited(refused);
    default:
      return noMoney(refused, known);
  }
}

function tooManyStarts(refused: Refused<"RATE_LIMITED">, limits: DeploymentLimits): ApiError {
  const { executions, ownerExecutions } = limits;
  const { max, windowMs } = refused.whose === "key" ? executions : (ownerExecutions ?? executions);
  const who = refused.whose === "key" ? "A key starts" : "An account's keys start";
  const message = `${who} at most ${max} executions per ${windowMs / 60_000} minutes.`;
  return rateLimited({ limit: max, remaining: 0, resetMs: refused.window.retryAfterMs }, message);
}

function keysLimited({ max, resetsAt }: Refused<"KEYS_LIMITED">, now: number): ApiError {
  const message = `An account counts the executions of at most ${max} keys; use one that it counts.`;
  return rateLimited({ limit: max, remaining: 0, resetMs: resetsAt - now }, message);
}

function concurrencyLimited(refused: Refused<"CONCURRENCY_LIMITED">): ApiError {
  const { whose, running, max: limit } = refused;
  const who = whose === "key" ? "a key" : "an account";
  return new ApiError("CONCURRENCY_LIMITED", {
    message: `At most ${limit} executions of ${who} run at once.`,
    details: { running, limit },
    headers: { "retry-after": placeRetryAfterS },
  });
}

/** It is a 429 instead of a 402, because waiting helps and more money doesn't. */
function shareLimited(refused: Refused<"KEY_SHARE_LIMITED">): ApiError {
  const limit = usd(refused.limitMicrousd);
  return new ApiError("CONCURRENCY_LIMITED", {
    message: `One key may have at most ${limit} USD of the balance set aside at once.`,
    details: { limit, held: usd(refused.heldMicrousd), required: usd(refused.requiredMicrousd) },
    headers: { "retry-after": placeRetryAfterS },
  });
}

function noMoney(
  refused: Extract<HoldRefusal, { shortfall: unknown }>,
  known: { readonly account: Account; readonly now: number },
): ApiError {
  const { limitMicrousd, spentMicrousd, heldMicrousd, requiredMicrousd, resetsAt } =
    refused.shortfall;
  const status = budgetStatus(known.account, known.now);
  const extras = {
    limit: limitMicrousd === null ? null : usd(limitMicrousd),
    spent: usd(spentMicrousd),
    held: usd(heldMicrousd),
    required: usd(requiredMicrousd),
    resetsAt: resetsAt === null ? null : iso(resetsAt),
    budgetStatus: status,
    currentBudget: status.balance,
  };
  return new ApiError(refused.refusal, { extras, details: status });
}
