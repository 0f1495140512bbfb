import { billingBudget } from "#shared/answers/billing-budget";
import { BillingBudget } from "#shared/contract/billing";
import { accountRoute } from "./account-route.ts";

export const getBillingBudget = accountRoute({
  endpoint: "GET /v1/billing/budget",
  summary: "The budget in the public API's older form.",
  reply: BillingBudget,
  bodyOf: billingBudget,
});
