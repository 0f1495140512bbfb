import { budgetBody } from "#shared/answers/budget-body";
import { Budget } from "#shared/contract/budget";
import { accountRoute } from "./account-route.ts";

export const getBudget = accountRoute({
  endpoint: "GET /v1/budget",
  summary: "The balance, the amount held for running executions, caps and spending, in US dollars.",
  reply: Budget,
  bodyOf: budgetBody,
});
