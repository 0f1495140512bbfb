import * as z from "zod";
import { noParams, ok } from "#shared/contract/common";
import { dayOf } from "#shared/core/money/account";
import { route } from "#shared/pipeline/route";
import { PeriodQuery } from "./period.ts";
import { type Begun, begunIn } from "./spending.ts";
import { sumByDay } from "./sum-by-day.ts";

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

export const getTokenPerformance = route({
  answers: "GET /v1/costs/performance/tokens",
  summary: "The tokens of the threads that began in a period, in all and by day.",
  authenticate: "api-key",
  scope: "billing:read",
  params: noParams,
  query: PeriodQuery,
  body: "none",
  bodyBytesMax: 0,
  limits: "reads",
  budget: "free",
  audit: "none",
  reply: { 200: TokenPerformance },
  read: async ({ caller: { owner }, query, deps: { store }, now }) =>
    await sumByDay({ store, owner, now }, query, (span) => begunIn(store, owner, { span })),
  decide({ query, data: { whole, byDay } }) {
    const days = byDay.map((day) => ({ date: dayOf(day.span.from), ...tokens(day) }));
    const reply = ok({ period: query.period, byDay: days, totals: tokens(whole) });
    return { writes: [], reply };
  },
});

/** No model here has a prompt cache. */
function tokens({ inputTokens, outputTokens }: Begun): z.input<typeof Tokens> {
  return { inputTokens, outputTokens, cacheTokens: 0, totalTokens: inputTokens + outputTokens };
}
