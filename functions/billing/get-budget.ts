import { Budget, budgetBody } from "#shared/contract/budget";
import { noParams, noQuery, ok } from "#shared/contract/common";
import { query } from "#shared/pipeline/route";
import { accountId, accounts } from "#shared/store/owners";

export const getBudget = query({
  answers: "GET /v1/budget",
  summary: "Balance, what is held for running executions, caps and spending, in US dollars.",
  authenticate: "api-key",
  scope: "billing:read",
  params: noParams,
  query: noQuery,
  body: "none",
  bodyBytesMax: 0,
  limits: "reads",
  reply: { 200: Budget },
  read: async ({ caller, deps }) => await deps.store.require(accounts.of(caller.owner, accountId)),
  answer({ caller, data, now }) {
    return ok(budgetBody(data.value, caller.owner.id, now));
  },
});
