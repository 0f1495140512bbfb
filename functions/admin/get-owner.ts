import * as z from "zod";
import { budgetBody } from "#shared/answers/budget-body";
import { Budget } from "#shared/contract/budget";
import { noQuery, ok } from "#shared/contract/common";
import { idSchema } from "#shared/core/ids";
import { existingOwner } from "#shared/owners/act-on-owner";
import { query } from "#shared/pipeline/route";
import { accountId, accounts } from "#shared/store/owners";
import { OwnerBody, ownerBody } from "./owner-body.ts";

export const getOwner = query({
  endpoint: "GET /v1/admin/users/:userId",
  summary: "One owner and the account's money.",
  authenticate: "operator",
  scope: "none",
  params: z.object({ userId: idSchema("owner") }),
  query: noQuery,
  body: "none",
  bodyBytesMax: 0,
  requestClass: "reads",
  reply: { 200: OwnerBody.extend({ budget: Budget }) },
  read: async ({ params, deps }) => {
    const { owner, profile } = await existingOwner(deps.store, params.userId);
    const { value: account } = await deps.store.require(accounts.of(owner, accountId));
    return { profile, account };
  },
  answer({ data, now }) {
    const { profile, account } = data;
    const budget = budgetBody(account, profile.id, now);
    return ok({ ...ownerBody(profile), budget });
  },
});
