import type * as z from "zod";
import { noParams, noQuery, ok } from "#shared/contract/common";
import type { Account } from "#shared/core/money/account";
import { query } from "#shared/pipeline/route";
import { accountId, accounts } from "#shared/store/owners";

interface AccountView<B extends object> {
  readonly endpoint: `GET /${string}`;
  readonly summary: string;
  readonly reply: z.ZodType<object, B>;
  readonly bodyOf: (account: Account, ownerId: string, now: number) => B;
}

/** A route that shows the caller's account in one of the API's forms. */
export function accountRoute<B extends object>(view: AccountView<B>) {
  const { endpoint, summary, reply, bodyOf } = view;
  return query({
    endpoint,
    summary,
    authenticate: "api-key",
    scope: "billing:read",
    params: noParams,
    query: noQuery,
    body: "none",
    bodyBytesMax: 0,
    requestClass: "reads",
    reply: { 200: reply },
    read: async ({ caller, deps }) =>
      await deps.store.require(accounts.of(caller.owner, accountId)),
    answer: ({ caller, data, now }) => ok(bodyOf(data.value, caller.owner.id, now)),
  });
}
