/** Sets money aside for all that an orchestration's run may spend. */
import { assert } from "../assert.ts";
import { type Account, inPeriod, monthOf } from "./account.ts";
import { type HoldRefusal, type HoldRequest, moneyRefusalOf } from "./hold.ts";
import { counting, startsRefusal, windowsOf } from "./start-windows.ts";

export interface RunHoldRequest extends Omit<HoldRequest, "executionId" | "runId"> {
  readonly runId: string;
  readonly orchestrationId: string;
  /** The most runs of an owner that haven't ended. */
  readonly runsMax: number;
}

export type RunHoldResult =
  | { readonly granted: true; readonly account: Account }
  | { readonly granted: false; readonly refusal: HoldRefusal | "RUNS_LIMITED" };

/**
 * Holds all of it or nothing. It takes no place among what runs, but it counts as a start: a run
 * whose steps are all skipped would otherwise be free, and its documents bounded by nothing.
 */
export function holdRun(before: Account, request: RunHoldRequest): RunHoldResult {
  const { runId, runsMax, keyId, amountMicrousd, expiresAt, now } = request;
  assert(Number.isSafeInteger(amountMicrousd) && amountMicrousd > 0);
  assert(expiresAt > now, "a hold outlives its moment");
  const account = inPeriod(before, now);
  assert(account.runs[runId] === undefined, "a run holds once");
  if (Object.keys(account.runs).length >= runsMax) {
    return { granted: false, refusal: "RUNS_LIMITED" };
  }
  const windows = windowsOf(account, request);
  const tooMany = startsRefusal(windows);
  if (tooMany) return { granted: false, refusal: tooMany };
  // The ceiling for one execution applies to each of its steps, not to the run.
  const ceilings = { ...request.ceilings, executionCostMaxMicrousd: null };
  const refusal = moneyRefusalOf(account, { ...request, ceilings, runId: null });
  if (refusal) return { granted: false, refusal };
  const held = {
    amountMicrousd,
    totalMicrousd: amountMicrousd,
    orchestrationId: request.orchestrationId,
    keyId,
    lineageId: request.lineageId ?? null,
    day: account.day.key,
    month: monthOf(account.day.key),
    keyDayMaxMicrousd: ceilings.dayCostMaxMicrousd,
    expiresAt,
  };
  const runs = { ...account.runs, [runId]: held };
  return { granted: true, account: { ...account, ...counting(request, windows), runs } };
}
