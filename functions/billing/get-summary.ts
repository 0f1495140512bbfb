import * as z from "zod";
import { iso, noParams, noQuery, ok, usd } from "#shared/contract/common";
import { route } from "#shared/pipeline/route";
import { spanOf } from "./period.ts";
import { begunIn, spentIn } from "./spending.ts";

export const getSummary = route({
  answers: "GET /v1/billing/summary",
  summary: "What this calendar month (UTC) has cost so far.",
  authenticate: "api-key",
  scope: "billing:read",
  params: noParams,
  query: noQuery,
  body: "none",
  bodyBytesMax: 0,
  limits: "reads",
  budget: "free",
  audit: "none",
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
    const [spent, begun] = await Promise.all([
      spentIn(store, owner, { span }),
      begunIn(store, owner, { span }),
    ]);
    return { span, spent, begun };
  },
  decide({ data: { span, spent, begun } }) {
    const reply = ok({
      totalSpent: usd(spent.microusd),
      periodStart: iso(span.from),
      periodEnd: iso(span.to),
      runCount: spent.executions,
      tokenCount: begun.inputTokens + begun.outputTokens,
    });
    return { writes: [], reply };
  },
});
