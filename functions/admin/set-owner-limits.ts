import * as z from "zod";
import { budgetStatus } from "#shared/answers/budget-status";
import { noQuery, ok } from "#shared/contract/common";
import { exactObject } from "#shared/contract/exact";
import { LimitAmount, limitsFrom } from "#shared/contract/limit-amount";
import { idSchema } from "#shared/core/ids";
import { inPeriod, OwnerLimits } from "#shared/core/money/account";
import { ApiError } from "#shared/errors/api-error";
import { existingOwner } from "#shared/owners/act-on-owner";
import { change, jsonBytesMax } from "#shared/pipeline/route";

/** Limits besides money: how many executions, and how long; null means the deployment's limit. */
const { shape } = OwnerLimits;
const Executions = exactObject({
  executionsMax: shape.executionsMax.unwrap().optional(),
  ownerExecutionsMax: shape.ownerExecutionsMax.unwrap().optional(),
  concurrentMax: shape.concurrentMax.unwrap().optional(),
  keyConcurrentMax: shape.keyConcurrentMax.unwrap().optional(),
  keyHeldPercentMax: shape.keyHeldPercentMax.unwrap().optional(),
  wallClockMs: shape.wallClockMs.unwrap().optional(),
});

const Shown = OwnerLimits.omit({ dailyMicrousd: true, monthlyMicrousd: true });

export const setOwnerLimits = change({
  endpoint: "POST /v1/billing/admin/:userId/limits",
  summary:
    "Cap an owner's spending, whatever its keys set, and its executions; null lifts a limit.",
  authenticate: "operator",
  scope: "none",
  params: z.object({ userId: idSchema("owner") }),
  query: noQuery,
  body: exactObject({
    dailyLimit: LimitAmount.optional(),
    monthlyLimit: LimitAmount.optional(),
    executions: Executions.optional(),
  }),
  bodyBytesMax: jsonBytesMax,
  requestClass: "writes",
  repeating: "harmless",
  beforeConfirmed: "reads",
  account: "limits",
  audit: "budget.limits_changed",
  reply: {
    200: z.object({
      success: z.literal(true),
      userId: z.string(),
      dailyLimit: z.number().nullable(),
      monthlyLimit: z.number().nullable(),
      executions: Shown,
    }),
  },
  read: async ({ params, deps }) => await existingOwner(deps.store, params.userId),
  actsOn: ({ owner }) => owner,
  decide({ body, data: { owner }, account, now }) {
    if (!account) throw new ApiError("NOT_FOUND");
    const current = inPeriod(account, now);
    const stated = Object.entries(body.executions ?? {}).filter(([, limit]) => limit !== undefined);
    const caps = limitsFrom(body);
    const {
      dailyLimitMicrousd: dailyMicrousd = current.limits.dailyMicrousd,
      monthlyLimitMicrousd: monthlyMicrousd = current.limits.monthlyMicrousd,
    } = caps;
    const executions = { ...current.limits, ...Object.fromEntries(stated) };
    const limits: OwnerLimits = { ...executions, dailyMicrousd, monthlyMicrousd };
    const changed = { ...current, limits };
    const { dailyLimit, monthlyLimit } = budgetStatus(changed, now);
    return {
      writes: [],
      account: changed,
      subject: owner.id,
      facts: { ...limits },
      reply: ok({
        success: true,
        userId: owner.id,
        dailyLimit,
        monthlyLimit,
        executions: Shown.parse(limits),
      }),
    };
  },
});
