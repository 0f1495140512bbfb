import * as z from "zod";
import { noQuery } from "#shared/contract/common";
import { idSchema } from "#shared/core/ids";
import type { Account } from "#shared/core/money/account";
import { ApiError } from "#shared/errors/api-error";
import { existingOwner } from "#shared/owners/act-on-owner";
import { jsonBytesMax, type Route, route } from "#shared/pipeline/route";
import { CreditRequestBody, creditRequestBody } from "./credit-request-body.ts";
import { decideOrder, type MoneyOrder, readOrder } from "./operator-credit.ts";

interface OrderRoute<B> {
  readonly answers: `POST /${string}`;
  readonly summary: string;
  readonly body: z.ZodType<B>;
  readonly orderOf: (body: B) => MoneyOrder;
  readonly reply: z.ZodType;
  readonly replyOf: (body: B, after: { account: Account; ownerId: string }) => object;
}

/** A route that moves money, either now or once a second operator has confirmed it. */
export function orderRoute<B>(settings: OrderRoute<B>): Route {
  return route({
    answers: settings.answers,
    summary: settings.summary,
    authenticate: "operator",
    scope: "none",
    params: z.object({ userId: idSchema("owner") }),
    query: noQuery,
    body: settings.body,
    bodyBytesMax: jsonBytesMax,
    limits: "writes",
    budget: "credit",
    audit: "budget.credited",
    reply: {
      200: settings.reply,
      202: z.object({ success: z.literal(false), pending: CreditRequestBody }),
    },
    read: async ({ params, request: { idempotencyKey }, ids, deps }) => {
      const { owner } = await existingOwner(deps.store, params.userId);
      return await readOrder(deps.store, owner, { idempotencyKey, ids });
    },
    decide({ caller, body, data, account, now }) {
      if (!account) throw new ApiError("NOT_FOUND");
      const order = settings.orderOf(body);
      const ordered = decideOrder(order, data, { operatorId: caller.id, account, now });
      const { owner } = data;
      const done = (after: Account) => ({
        status: 200,
        body: settings.replyOf(body, { account: after, ownerId: owner.id }),
      });
      if (ordered.outcome === "repeated") return { writes: [], reply: done(account) };
      const facts = { type: order.type, amountMicrousd: order.amountMicrousd };
      if (ordered.outcome === "requested") {
        const pending = creditRequestBody(ordered.request, owner.id, now);
        return {
          writes: ordered.writes,
          owner,
          subject: ordered.request.id,
          action: "budget.credit_requested" as const,
          facts,
          reply: { status: 202, body: { success: false, pending } },
        };
      }
      return {
        writes: ordered.writes,
        account: ordered.account,
        owner,
        subject: data.entryId,
        ...(order.type === "adjustment" ? { action: "budget.adjusted" as const } : {}),
        facts,
        reply: done(ordered.account),
      };
    },
  });
}
