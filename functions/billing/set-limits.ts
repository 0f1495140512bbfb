import * as z from "zod";
import { budgetStatus } from "#shared/answers/budget-status";
import { BudgetStatus } from "#shared/contract/budget";
import { noParams, noQuery, ok } from "#shared/contract/common";
import { exactObject } from "#shared/contract/exact";
import { LimitAmount, limitsFrom } from "#shared/contract/limit-amount";
import { inPeriod } from "#shared/core/money/account";
import { ApiError } from "#shared/errors/api-error";
import { change, jsonBytesMax } from "#shared/pipeline/route";

const Limits = exactObject({
  dailyLimit: LimitAmount.optional(),
  monthlyLimit: LimitAmount.optional(),
}).refine(
  ({ dailyLimit, monthlyLimit }) => dailyLimit !== undefined || monthlyLimit !== undefined,
  {
    path: ["dailyLimit"],
    message: "is required, or monthlyLimit, or both",
  },
);

export const setLimits = change({
  endpoint: "PUT /v1/budget/limits",
  summary: "Cap daily or monthly spending (UTC); null removes a cap, a missing field keeps it.",
  authenticate: "api-key",
  scope: "account:write",
  params: noParams,
  query: noQuery,
  body: Limits,
  bodyBytesMax: jsonBytesMax,
  requestClass: "writes",
  neededToClose: true,
  beforeConfirmed: "reads",
  account: "limits",
  audit: "budget.limits_changed",
  reply: { 200: BudgetStatus.extend({ userId: z.string() }) },
  read: "nothing",
  decide({ caller: { owner }, body, account, now }) {
    if (!account) throw new ApiError("NOT_FOUND");
    const changed = { ...inPeriod(account, now), ...limitsFrom(body) };
    const { dailyLimitMicrousd, monthlyLimitMicrousd } = changed;
    return {
      writes: [],
      account: changed,
      subject: owner.id,
      facts: { dailyLimitMicrousd, monthlyLimitMicrousd },
      reply: ok({ userId: owner.id, ...budgetStatus(changed, now) }),
    };
  },
});
