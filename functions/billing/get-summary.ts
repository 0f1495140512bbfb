import * as z from "zod";
import { iso, noParams, ok, usd } from "#shared/contract/common";
import { ownedRead } from "#shared/pipeline/owned-route";
import { query } from "#shared/pipeline/route";
import { spanOf } from "./period.ts";
import { totalsIn } from "./spending.ts";

export const getSummary = query({
  endpoint: "GET /v1/billing/summary",
  summary: "The cost of this calendar month (UTC) so far.",
  ...ownedRead("billing:read"),
  params: noParams,
  reply: {
    200: z.object({
      totalSpent: z.number(),
      periodStart: z.string(),
      periodEnd: z.string(),
      runCount: z.int(),
      tokenCount: z.int(),
    }),
  },
  read: async ({ caller: { owner }, deps: { store }, now }) => {
    const span = spanOf({ period: "month" }, { createdAt: 0, now });
    return { span, ...(await totalsIn(store, owner, { span })) };
  },
  answer({ data: { span, microusd, executions, inputTokens, outputTokens } }) {
    return ok({
      totalSpent: usd(microusd),
      periodStart: iso(span.from),
      periodEnd: iso(span.to),
      runCount: executions,
      tokenCount: inputTokens + outputTokens,
    });
  },
});
