import * as z from "zod";
import { noQuery } from "#shared/contract/common";
import { idSchema } from "#shared/core/ids";
import type { Account } from "#shared/core/money/account";
import { ApiError } from "#shared/errors/api-error";
import type { Owner } from "#shared/identity/owner";
import { existingOwner } from "#shared/owners/act-on-owner";
import { change, jsonBytesMax, type Reply, type Route } from "#shared/pipeline/route";
import type { CreditRequest } from "#shared/store/credit-requests";
import { CreditRequestBody, creditRequestBody } from "./credit-request-body.ts";
import { decideOrder, type MoneyOrder, readOrder } from "./operator-credit.ts";

interface OrderRoute<B> {
  readonly endpoint: `POST /${string}`;
  readonly summary: string;
  readonly body: z.ZodType<B>;
  readonly orderOf: (body: B) => MoneyOrder;
  readonly reply: z.ZodType;
  readonly replyOf: (body: B, after: { account: Account; ownerId: string }) => object;
}

/** A route that moves money, either now or once a second operator has confirmed it. */
export function orderRoute<B>(settings: OrderRoute<B>): Route {
  const moved = (body: B, account: Account, { id: ownerId }: Owner): Reply => ({
    status: 200,
    body: settings.replyOf(body, { account, ownerId }),
  });
  return change({
    endpoint: settings.endpoint,
    summary: settings.summary,
    authenticate: "operator",
    scope: "none",
    params: z.object({ userId: idSchema("owner") }),
    query: noQuery,
    body: settings.body,
    bodyBytesMax: jsonBytesMax,
    requestClass: "writes",
    beforeConfirmed: "reads",
    account: "credit",
    audit: "budget.credited",
    refusals: ["CONFLICT", "ADJUSTMENT_TOO_LARGE"],
    reply: {
      200: settings.reply,
      202: z.object({ success: z.literal(false), pending: CreditRequestBody }),
    },
    read: async ({ params, ids, deps }) => {
      const { owner } = await existingOwner(deps.store, params.userId);
      return await readOrder(deps.store, owner, ids);
    },
    actsOn: ({ owner }) => owner,
    idempotency: {
      space: ({ params }) => [params.userId, "credit"],
      earlier: ({ body, data: { owner, entry, request }, account, now }) => {
        const earlier = request.value ?? entry.value;
        if (!earlier || !account) return null;
        const { type, amountMicrousd } = settings.orderOf(body);
        return {
          isSame: earlier.type === type && earlier.amountMicrousd === amountMicrousd,
          answer: () =>
            request.value ? requested(request.value, owner, now) : moved(body, account, owner),
        };
      },
    },
    decide({ caller, body, data, account, now }) {
      if (!account) throw new ApiError("NOT_FOUND");
      const order = settings.orderOf(body);
      const ordered = decideOrder(order, data, { operatorId: caller.id, account, now });
      const facts = { type: order.type, amountMicrousd: order.amountMicrousd };
      if (ordered.outcome === "requested") {
        return {
          writes: ordered.writes,
          subject: ordered.request.id,
          action: "budget.credit_requested" as const,
          facts,
          reply: requested(ordered.request, data.owner, now),
        };
      }
      return {
        writes: ordered.writes,
        account: ordered.account,
        subject: data.entryId,
        ...(order.type === "adjustment" ? { action: "budget.adjusted" as const } : {}),
        facts,
        reply: moved(body, ordered.account, data.owner),
      };
    },
  });
}

/** Asked for only: a second operator has to confirm it. */
function requested(request: CreditRequest, { id }: Owner, now: number): Reply {
  const pending = creditRequestBody(request, id, now);
  return { status: 202, body: { success: false, pending } };
}
