import { BillingBudget, billingBudget } from "#shared/contract/billing";
import { noParams, noQuery, ok } from "#shared/contract/common";
import { query } from "#shared/pipeline/route";
import { accountId, accounts } from "#shared/store/owners";

export const getBillingBudget = query({
  answers: "GET /v1/billing/budget",
  summary: "The budget in the public API's older form.",
  authenticate: "api-key",
  scope: "billing:read",
  params: noParams,
  query: noQuery,
  body: "none",
  bodyBytesMax: 0,
  limits: "reads",
  reply: { 200: BillingBudget },
  read: async ({ caller, deps }) => await deps.store.require(accounts.of(caller.owner, accountId)),
  answer({ caller, data, now }) {
    return ok(billingBudget(data.value, caller.owner.id, now));
  },
});
