/** An owner of the simulation; only the product's own functions change its account. */
import { type Account, credit, newAccount, type OwnerLimits } from "#shared/core/money/account";
import { renew } from "#shared/core/money/hold";
import { executionCostMicrousd } from "#shared/core/money/pricing";
import { settle, settleLate } from "#shared/core/money/settle";
import {
  firstSliceMicrousd,
  type Metered,
  mustEnd,
  type SliceLengths,
  sliceNeed,
} from "#shared/core/money/slices";
import type { DaySettings } from "./day-settings.ts";
import { midnight, type OwnerDemand } from "./demand.ts";

/** Far more than a day's work costs, because the simulation is about load and not about money. */
export const creditedMicrousd = 10_000_000_000_000;

/** Each owner uses one key. */
export const keyId = "key_0";

/** The limits that an operator would set for an owner of this size. */
export function startingAccount({ perDay }: OwnerDemand, settings: DaySettings): Account {
  const { limits, limitsFactor } = settings;
  const often = (perDay * limits.executions.windowMs) / 86_400_000;
  // Two minutes: a start, a run, and some waiting.
  const atOnce = (perDay * 120_000) / 86_400_000;
  const raised = (usual: number, mean: number, max: number) =>
    Math.ceil(Math.min(max, Math.max(usual, mean * limitsFactor)));
  const own: OwnerLimits = {
    executionsMax: raised(limits.executions.max, often, 1e9),
    ownerExecutionsMax: raised(limits.ownerExecutions?.max ?? 0, often, 1e9),
    concurrentMax: raised(limits.concurrentMax, atOnce, concurrentCeiling),
    keyConcurrentMax: raised(limits.keyConcurrentMax, atOnce, concurrentCeiling),
    keyHeldPercentMax: 100,
    wallClockMs: null,
    dailyMicrousd: null,
    monthlyMicrousd: null,
  };
  return { ...credit(newAccount(midnight), creditedMicrousd, midnight), limits: own };
}

/** The most that an operator may set for one account. */
export const concurrentCeiling = 500;

export function settled(
  account: Account,
  run: { readonly id: string; readonly metered: Metered; readonly usedMs: number },
  { now, slices }: { readonly now: number; readonly slices: SliceLengths },
): { readonly account: Account; readonly chargedMicrousd: number } | null {
  const costMicrousd = run.usedMs === 0 ? 0 : executionCostMicrousd(run.metered, run.usedMs);
  const inTime = settle(account, { id: run.id, costMicrousd, now });
  if (inTime || run.usedMs === 0) return inTime;
  // It waited so long that its hold had expired.
  const wasHeldMicrousd = firstSliceMicrousd(run.metered, slices);
  return settleLate(account, { keyId, costMicrousd, wasHeldMicrousd, now });
}

/** The first heartbeat that asks for more money; null if none does. */
export function nextRenewalMs(
  metered: Metered,
  from: { readonly elapsedMs: number; readonly heldMicrousd: number; readonly untilMs: number },
  { timing, slices }: DaySettings["limits"],
): number | null {
  const beatMs = timing.heartbeatIntervalMs;
  for (
    let beat = Math.floor(from.elapsedMs / beatMs) + 1;
    beat * beatMs < from.untilMs;
    beat += 1
  ) {
    const at = { elapsedMs: beat * beatMs, heldMicrousd: from.heldMicrousd, beatMs };
    if (sliceNeed(metered, at, slices)) return at.elapsedMs;
  }
  return null;
}

export interface Renewal {
  readonly account: Account;
  readonly heldMicrousd: number;
  readonly mustEnd: boolean;
}

/** What such a heartbeat gets; null if there is no more money, but it may still go on. */
export function renewed(
  account: Account,
  run: { readonly id: string; readonly metered: Metered; readonly elapsedMs: number },
  context: { readonly now: number; readonly limits: DaySettings["limits"] },
): Renewal {
  const { timing, slices } = context.limits;
  const heldMicrousd = account.holds[run.id]?.amountMicrousd ?? 0;
  const beat = { elapsedMs: run.elapsedMs, heldMicrousd, beatMs: timing.heartbeatIntervalMs };
  const need = sliceNeed(run.metered, beat, slices);
  const more =
    need && renew(account, { executionId: run.id, part: "time", ...need, now: context.now });
  if (more) return { ...more, mustEnd: false };
  return { account, heldMicrousd, mustEnd: mustEnd(run.metered, beat, slices) };
}
