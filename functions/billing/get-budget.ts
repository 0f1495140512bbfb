import { budgetBody } from "#shared/answers/budget-body";
import { Budget } from "#shared/contract/budget";
import { noParams, noQuery, ok } from "#shared/contract/common";
import { route } from "#shared/pipeline/route";
import { accountId, accounts } from "#shared/store/owners";

export const getBudget = route({
  answers: "GET /v1/budget",
  summary: "Balance, what is held for running executions, caps and spending, in US dollars.",
  authenticate: "api-key",
  scope: "billing:read",
  params: noParams,
  query: noQuery,
  body: "none",
  bodyBytesMax: 0,
  limits: "reads",
  budget: "free",
  audit: "none",
  reply: { 200: Budget },
  read: async ({ caller, deps }) => await deps.store.require(accounts.of(caller.owner, accountId)),
  decide({ caller, data, now }) {
    return { writes: [], reply: ok(budgetBody(data.value, caller.owner.id, now)) };
  },
});
