/** Holds more for an execution's model calls: account, execution and meter in one commit. */
import { deploymentLimits } from "#shared/config";
import { type Account, inPeriod } from "#shared/core/money/account";
import { type BudgetRefusal, capsOf } from "#shared/core/money/caps";
import { partMicrousd, renew } from "#shared/core/money/hold";
import { type CallShare, shareLeftMicrousd, shareMicrousd } from "#shared/core/money/key-share";
import { committedMicrousd, type ModelMeter, newMeter } from "#shared/core/money/model-meter";
import { carvedCaps } from "#shared/core/money/run-hold";
import { effectiveLimits } from "#shared/executions/first-hold-request";
import type { Deps } from "#shared/pipeline/route";
import { createOrReplace, patch } from "#shared/store/documents";
import { executions } from "#shared/store/executions";
import { meterOf } from "#shared/store/model-meters";
import {
  type Applied,
  type MeteredExecution,
  noShortage,
  type Shortage,
} from "./metered-execution.ts";

export interface HeldMore {
  readonly applied: Applied;
  /** Why the rest couldn't be held. */
  readonly why: Shortage;
}

interface Wanted {
  /** What is held at once for calls to come, unless those that wait need more. */
  readonly sliceMicrousd: number;
  /** Applies the waiting changes. Pure. */
  readonly apply: (meter: ModelMeter) => Applied;
}

const capSentences: Readonly<Record<BudgetRefusal, string>> = {
  INSUFFICIENT_BUDGET: "the balance leaves no more",
  BUDGET_LIMIT_DAILY: "the daily limit leaves no more",
  BUDGET_LIMIT_MONTHLY: "the monthly limit leaves no more",
  BUDGET_LIMIT_KEY: "the API key's own limit leaves no more",
};

/**
 * Enlarges the hold as far as the budget allows and applies the changes, all or nothing. It is
 * decided again if account, execution or meter changed meanwhile.
 */
export async function enlargeHold(
  deps: Deps,
  { owner, claims }: MeteredExecution,
  { sliceMicrousd, apply }: Wanted,
): Promise<HeldMore> {
  const { executionId, attempt } = claims;
  const refs = [executions.of(owner, executionId), meterOf(owner, executionId)] as const;
  let [execution, meter] = await deps.store.getAll(...refs);
  const now = deps.now();
  const { decision } = await deps.commits.submit({
    owner,
    needsAccount: true,
    refresh: async () => {
      [execution, meter] = await deps.store.getAll(...refs);
    },
    decide(account) {
      const before = meter.value ?? newMeter();
      const applied = apply(before);
      if (applied.short.length === 0) return unchanged(applied, noShortage);
      const { value, version } = execution;
      const runs = value?.status === "running" && value.attempt === attempt;
      if (!runs || version === null || value.cancelRequestedAt !== null) {
        return unchanged(applied, lasting("the execution is ending"));
      }
      if (!account || account.admission.suspendedAt !== null) {
        return unchanged(applied, lasting("the account is suspended"));
      }
      const needs = applied.short.reduce((sum, ceiling) => sum + ceiling, 0);
      const committed = committedMicrousd(applied.meter);
      const { keyHeldPercentMax: percentMax } = effectiveLimits(deploymentLimits(), account);
      const share = { chargedMicrousd: applied.meter.chargedMicrousd, percentMax };
      const renewed = renew(account, {
        executionId,
        part: "models",
        share,
        toMicrousd: committed + Math.max(needs, sliceMicrousd),
        atLeastMicrousd: Math.max(1, committed + leastOf(applied) - before.heldMicrousd),
        now,
      });
      if (!renewed) return unchanged(applied, shortageOf(account, { executionId, share, now }));
      const next = apply({ ...before, heldMicrousd: renewed.heldMicrousd });
      const held = {
        holdMicrousd: renewed.holdMicrousd,
        modelHoldMicrousd: renewed.heldMicrousd,
      };
      return {
        writes: [
          createOrReplace(refs[1], meter.version, next.meter),
          patch(refs[0], held, { version }),
        ],
        account: renewed.account,
        more: { applied: next, why: shortageOf(renewed.account, { executionId, share, now }) },
      };
    },
  });
  return decision.more;

  /** The changes that need no money are stored all the same. */
  function unchanged(applied: Applied, why: Shortage) {
    const more = { applied, why };
    if (applied.meter === meter.value || meter.version === null) return { writes: [], more };
    return { writes: [createOrReplace(refs[1], meter.version, applied.meter)], more };
  }
}

/** The least addition that lets one of the calls go on. */
function leastOf({ short }: Applied): number {
  return short.length === 0 ? 0 : Math.min(...short);
}

const lasting = (sentence: string): Shortage => ({ sentence, mayPass: false });

function shortageOf(
  before: Account,
  { executionId, share, now }: { executionId: string; share: CallShare; now: number },
): Shortage {
  const account = inPeriod(before, now);
  const held = account.holds[executionId];
  if (!held) return lasting("its hold has expired");
  const caps = (held.runId === null ? capsOf : carvedCaps)(account, held, held.amountMicrousd);
  const tightest = caps.reduce((one, other) =>
    other.leftMicrousd < one.leftMicrousd ? other : one,
  );
  const usd = (amount: number) => `$${(amount / 1_000_000).toFixed(6)}`;
  const modelsHeld = `${usd(partMicrousd(held, "models"))} is held for this execution's calls`;
  const isOfRun = held.runId !== null && tightest.refusal === "INSUFFICIENT_BUDGET";
  const shareLeft = held.runId === null ? shareLeftMicrousd(account, held, share) : null;
  if (shareLeft !== null && shareLeft < tightest.leftMicrousd) {
    const most = usd(shareMicrousd(account, share.percentMax));
    const sentence =
      `${modelsHeld}, and its API key may hold ${most} for several executions at once, so that ` +
      "other keys can start";
    return { sentence, mayPass: true };
  }
  const why = isOfRun ? "what its run may cost leaves no more" : capSentences[tightest.refusal];
  return lasting(`${modelsHeld}, and ${why}`);
}
