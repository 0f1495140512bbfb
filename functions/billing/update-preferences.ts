import * as z from "zod";
import { preferencesBody } from "#shared/answers/preferences-body";
import { Preferences } from "#shared/contract/billing";
import { noParams, noQuery, ok } from "#shared/contract/common";
import { exactObject } from "#shared/contract/exact";
import { LimitAmount, limitsFrom } from "#shared/contract/limit-amount";
import { inPeriod } from "#shared/core/money/account";
import { AlertPercents } from "#shared/core/money/alert-state";
import { ApiError } from "#shared/errors/api-error";
import { change, jsonBytesMax } from "#shared/pipeline/route";

/** A preference that can't be changed is accepted with its current value only. */
const PreferencesUpdate = exactObject({
  monthlyResourceSpendLimit: LimitAmount.optional(),
  alertPercentages: AlertPercents.optional(),
  usageBillingEnabled: z.literal(true, "must be true: what is used is always charged").optional(),
  pauseOnLimit: z.literal(true, "must be true: a limit always stops executions").optional(),
  resourceEmailAlerts: z.literal(false, "must be false: this deployment sends no mail").optional(),
  inference: z
    .null("must be null: this deployment takes no inference provider of an account")
    .optional(),
});

export const updatePreferences = change({
  endpoint: "PATCH /v1/billing/preferences",
  summary: "Set the monthly limit, or the percentages of spending that raise an alert.",
  authenticate: "api-key",
  scope: "account:write",
  params: noParams,
  query: noQuery,
  body: PreferencesUpdate,
  bodyBytesMax: jsonBytesMax,
  requestClass: "writes",
  neededToClose: true,
  beforeConfirmed: "reads",
  account: "limits",
  audit: "budget.preferences_changed",
  reply: { 200: Preferences },
  read: "nothing",
  decide({ caller: { owner }, body, account, now }) {
    if (!account) throw new ApiError("NOT_FOUND");
    const { monthlyResourceSpendLimit: monthlyLimit, alertPercentages } = body;
    const current = inPeriod(account, now);
    const percents = alertPercentages ?? current.alerts.percents;
    const changed = {
      ...current,
      ...limitsFrom({ monthlyLimit }),
      alerts: { ...current.alerts, percents: [...new Set(percents)].sort((a, b) => a - b) },
    };
    return {
      writes: [],
      account: changed,
      subject: owner.id,
      facts: {
        monthlyLimitMicrousd: changed.monthlyLimitMicrousd,
        alertPercentages: changed.alerts.percents.join(","),
      },
      reply: ok(preferencesBody(changed, owner.id, now)),
    };
  },
});
