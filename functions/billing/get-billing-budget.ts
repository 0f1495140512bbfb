import { billingBudget } from "#shared/answers/billing-budget";
import { BillingBudget } from "#shared/contract/billing";
import { noParams, noQuery, ok } from "#shared/contract/common";
import { route } from "#shared/pipeline/route";
import { accountId, accounts } from "#shared/store/owners";

export const getBillingBudget = route({
  answers: "GET /v1/billing/budget",
  summary: "The budget in the public API's older form.",
  authenticate: "api-key",
  scope: "billing:read",
  params: noParams,
  query: noQuery,
  body: "none",
  bodyBytesMax: 0,
  limits: "reads",
  budget: "free",
  audit: "none",
  reply: { 200: BillingBudget },
  read: async ({ caller, deps }) => await deps.store.require(accounts.of(caller.owner, accountId)),
  decide({ caller, data, now }) {
    return { writes: [], reply: ok(billingBudget(data.value, caller.owner.id, now)) };
  },
});
