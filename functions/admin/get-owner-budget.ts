import * as z from "zod";
import { billingBudget } from "#shared/answers/billing-budget";
import { BillingBudget } from "#shared/contract/billing";
import { noQuery, ok } from "#shared/contract/common";
import { idSchema } from "#shared/core/ids";
import { existingOwner } from "#shared/owners/act-on-owner";
import { query } from "#shared/pipeline/route";
import { accountId, accounts } from "#shared/store/owners";

export const getOwnerBudget = query({
  endpoint: "GET /v1/billing/admin/:userId/budget",
  summary: "An owner's budget in the public API's form.",
  authenticate: "operator",
  scope: "none",
  params: z.object({ userId: idSchema("owner") }),
  query: noQuery,
  body: "none",
  bodyBytesMax: 0,
  requestClass: "reads",
  reply: { 200: BillingBudget },
  read: async ({ params, deps }) => {
    const { owner } = await existingOwner(deps.store, params.userId);
    return await deps.store.require(accounts.of(owner, accountId));
  },
  answer({ params, data, now }) {
    return ok(billingBudget(data.value, params.userId, now));
  },
});
