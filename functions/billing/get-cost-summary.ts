import * as z from "zod";
import { iso, noParams, ok, usd } from "#shared/contract/common";
import { TokenCost, tokenCost } from "#shared/contract/costs";
import { dayOf } from "#shared/core/money/account";
import { allInOrder } from "#shared/errors/all-in-order";
import { ownedRead } from "#shared/pipeline/owned-route";
import { query } from "#shared/pipeline/route";
import { PeriodQuery } from "./period.ts";
import { readPeriod } from "./read-period.ts";
import { totalsByDay, totalsIn } from "./spending.ts";

const Tokens = z.object({ inputTokens: z.int(), outputTokens: z.int() });

const CostSummary = z.object({
  period: z.string(),
  startDate: z.string(),
  endDate: z.string(),
  totals: TokenCost.extend({
    /** Whole compute tokens (1 = 1 US cent); `totalCostUsd` is unrounded. */
    totalCost: z.int(),
    agentCost: z.int(),
    environmentCost: z.int(),
    totalCostUsd: z.number(),
    /** `CT` stands for compute tokens. */
    mcpCT: z.int(),
    totalThreads: z.int(),
    ...Tokens.shape,
  }),
  byDay: z.array(TokenCost.extend({ date: z.string(), threadCount: z.int(), ...Tokens.shape })),
});

export const getCostSummary = query({
  endpoint: "GET /v1/costs/summary",
  summary: "The costs of a period in compute tokens (cents), in total and by day.",
  ...ownedRead("billing:read"),
  params: noParams,
  query: PeriodQuery,
  reply: { 200: CostSummary },
  read: async ({ caller: { owner }, query, deps: { store }, now }) => {
    const { span, days } = await readPeriod(store, owner, { query, now });
    const [sums, byDay] = await allInOrder([
      totalsIn(store, owner, { span }),
      totalsByDay(store, owner, days),
    ]);
    return { total: { span, ...sums }, byDay };
  },
  answer({ query, data: { total, byDay } }) {
    const { totalCT, agentCT, environmentCT } = tokenCost(total);
    const { inputTokens, outputTokens } = total;
    const summary: z.input<typeof CostSummary> = {
      period: query.period,
      startDate: iso(total.span.from),
      endDate: iso(total.span.to),
      totals: {
        totalCost: totalCT,
        agentCost: agentCT,
        environmentCost: environmentCT,
        totalCostUsd: usd(total.microusd),
        totalCT,
        agentCT,
        environmentCT,
        mcpCT: 0,
        totalThreads: total.threads,
        inputTokens,
        outputTokens,
      },
      byDay: byDay.map((day) => ({
        date: dayOf(day.span.from),
        ...tokenCost(day),
        threadCount: day.threads,
        inputTokens: day.inputTokens,
        outputTokens: day.outputTokens,
      })),
    };
    return ok(summary);
  },
});
