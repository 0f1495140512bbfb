import { Preferences, preferences } from "#shared/contract/billing";
import { noParams, noQuery, ok } from "#shared/contract/common";
import { query } from "#shared/pipeline/route";
import { accountId, accounts } from "#shared/store/owners";

export const getPreferences = query({
  answers: "GET /v1/billing/preferences",
  summary: "The monthly limit, and the percentages that raise an alert.",
  authenticate: "api-key",
  scope: "billing:read",
  params: noParams,
  query: noQuery,
  body: "none",
  bodyBytesMax: 0,
  limits: "reads",
  reply: { 200: Preferences },
  read: async ({ caller, deps }) => await deps.store.require(accounts.of(caller.owner, accountId)),
  answer({ caller, data, now }) {
    return ok(preferences(data.value, caller.owner.id, now));
  },
});
