import { preferencesBody } from "#shared/answers/preferences-body";
import { Preferences } from "#shared/contract/billing";
import { noParams, noQuery, ok } from "#shared/contract/common";
import { route } from "#shared/pipeline/route";
import { accountId, accounts } from "#shared/store/owners";

export const getPreferences = route({
  answers: "GET /v1/billing/preferences",
  summary: "The monthly limit, and the percentages that raise an alert.",
  authenticate: "api-key",
  scope: "billing:read",
  params: noParams,
  query: noQuery,
  body: "none",
  bodyBytesMax: 0,
  limits: "reads",
  budget: "free",
  audit: "none",
  reply: { 200: Preferences },
  read: async ({ caller, deps }) => await deps.store.require(accounts.of(caller.owner, accountId)),
  decide({ caller, data, now }) {
    return { writes: [], reply: ok(preferencesBody(data.value, caller.owner.id, now)) };
  },
});
