import * as z from "zod";
import { noParams, ok } from "#shared/contract/common";
import { dayOf } from "#shared/core/money/account";
import { allInOrder } from "#shared/errors/all-in-order";
import { ownedRead } from "#shared/pipeline/owned-route";
import { query } from "#shared/pipeline/route";
import { PeriodQuery } from "./period.ts";
import { readPeriod } from "./read-period.ts";
import { type Spent, spentByDay, spentIn } from "./spending.ts";

const Tokens = z.object({
  inputTokens: z.int(),
  outputTokens: z.int(),
  cacheTokens: z.int(),
  totalTokens: z.int(),
});

const TokenPerformance = z.object({
  period: z.string(),
  byDay: z.array(Tokens.extend({ date: z.string() })),
  totals: Tokens,
});

export const getTokenPerformance = query({
  endpoint: "GET /v1/costs/performance/tokens",
  summary: "The tokens of the executions that ended in a period, in total and by day.",
  ...ownedRead("billing:read"),
  params: noParams,
  query: PeriodQuery,
  reply: { 200: TokenPerformance },
  read: async ({ caller: { owner }, query, deps: { store }, now }) => {
    const { span, days } = await readPeriod(store, owner, { query, now });
    const [total, byDay] = await allInOrder([
      spentIn(store, owner, { span }),
      spentByDay(store, owner, days),
    ]);
    return { total, days, byDay };
  },
  answer({ query, data: { total, days, byDay } }) {
    const shown = byDay.map((day, index) => ({
      date: dayOf(days[index]?.from ?? 0),
      ...tokens(day),
    }));
    return ok({ period: query.period, byDay: shown, totals: tokens(total) });
  },
});

/** What was cached is part of the input, at another price. */
function tokens({ inputTokens, cacheTokens, outputTokens }: Spent): z.input<typeof Tokens> {
  return { inputTokens, outputTokens, cacheTokens, totalTokens: inputTokens + outputTokens };
}
