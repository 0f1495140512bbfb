import * as z from "zod";
import { listBody, listOf, ok, PageQuery } from "#shared/contract/common";
import { idSchema } from "#shared/core/ids";
import { existingOwner } from "#shared/owners/act-on-owner";
import { query } from "#shared/pipeline/route";
import { creditRequests } from "#shared/store/credit-requests";
import { CreditRequestBody, creditRequestBody } from "./credit-request-body.ts";

export const listCreditRequests = query({
  endpoint: "GET /v1/admin/users/:userId/credit-requests",
  summary:
    "What operators asked to move on an account and a second one must confirm, newest first.",
  authenticate: "operator",
  scope: "none",
  params: z.object({ userId: idSchema("owner") }),
  query: PageQuery,
  body: "none",
  bodyBytesMax: 0,
  requestClass: "reads",
  reply: { 200: listOf(CreditRequestBody) },
  read: async ({ params, query: { limit, offset }, deps }) => {
    const { owner } = await existingOwner(deps.store, params.userId);
    const page = { orderBy: [["requestedAt", "desc"]], limit, offset } as const;
    return await deps.store.page(creditRequests.all(owner), page);
  },
  answer({ params, query, data: { items, total }, now }) {
    const requests = items.map((request) => creditRequestBody(request, params.userId, now));
    return ok(listBody(requests, { ...query, total }));
  },
});
