import * as z from "zod";
import { existingOwner } from "#shared/auth/act-on-owner";
import { noQuery, ok, usd } from "#shared/contract/common";
import { credit } from "#shared/core/account";
import { derivedId, idSchema } from "#shared/core/ids";
import { microusd } from "#shared/core/pricing";
import { ApiError } from "#shared/errors/api-error";
import { jsonBytesMax, route } from "#shared/pipeline/route";
import { create } from "#shared/store/documents";
import { ledger } from "#shared/store/owners";

/** In US dollars: at least one cent, and no sum that could only be a slip. */
const Credit = z.object({
  amount: z.number().min(0.01).max(1_000_000),
  description: z.string().max(500).default("Credit by an operator"),
});

export const creditOwner = route({
  answers: "POST /v1/admin/users/:userId/credit",
  summary: "Add money to an owner's account; an Idempotency-Key makes repeating it harmless.",
  authenticate: "operator",
  scope: "none",
  params: z.object({ userId: idSchema("owner") }),
  query: noQuery,
  body: Credit,
  bodyBytesMax: jsonBytesMax,
  limits: "writes",
  budget: "credit",
  audit: "budget.credited",
  reply: {
    200: z.object({
      success: z.literal(true),
      userId: z.string(),
      amount: z.number(),
      newBalance: z.number(),
    }),
  },
  read: async ({ params, request, ids, deps }) => {
    const { owner } = await existingOwner(deps.store, params.userId);
    const id = request.idempotencyKey
      ? derivedId("ledgerEntry", owner.id, "credit", request.idempotencyKey)
      : ids.next("ledgerEntry");
    return { owner, earlier: await deps.store.get(ledger.of(owner, id)), id };
  },
  decide({ body, data, account, now }) {
    const { owner, earlier, id } = data;
    if (!account) throw new ApiError("NOT_FOUND");
    const amountMicrousd = microusd(body.amount);
    const answer = (balanceMicrousd: number) =>
      ok({
        success: true,
        userId: owner.id,
        amount: body.amount,
        newBalance: usd(balanceMicrousd),
      });
    if (earlier.value) {
      if (earlier.value.amountMicrousd !== amountMicrousd)
        throw new ApiError("IDEMPOTENCY_CONFLICT");
      return { writes: [], reply: answer(account.balanceMicrousd) };
    }
    const credited = credit(account, amountMicrousd, now);
    const entry = {
      v: 1 as const,
      id,
      type: "credit" as const,
      amountMicrousd,
      lossMicrousd: 0,
      executionId: null,
      threadId: null,
      keyId: null,
      description: body.description,
      createdAt: now,
    };
    return {
      writes: [create(earlier.ref, entry)],
      account: credited,
      owner,
      subject: id,
      facts: { amountMicrousd },
      reply: answer(credited.balanceMicrousd),
    };
  },
});
