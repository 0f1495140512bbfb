import * as z from "zod";
import { noParams, ok, usd } from "#shared/contract/common";
import { dayOf } from "#shared/core/money/account";
import { ownedRead } from "#shared/pipeline/owned-route";
import { query } from "#shared/pipeline/route";
import { lastDays } from "./period.ts";
import { readLastDays } from "./read-period.ts";
import { totalsByDay } from "./spending.ts";

export const listDaily = query({
  endpoint: "GET /v1/billing/daily",
  summary: "The cost per day, for the last N days (UTC, `days`, 30 by default), oldest first.",
  ...ownedRead("billing:read"),
  params: noParams,
  query: lastDays,
  reply: {
    200: z.object({
      days: z.array(
        z.object({ date: z.string(), cost: z.number(), runs: z.int(), tokens: z.int() }),
      ),
    }),
  },
  read: async ({ caller: { owner }, query, deps: { store }, now }) => {
    const days = await readLastDays(store, owner, { days: query.days, now });
    return await totalsByDay(store, owner, days);
  },
  answer({ data }) {
    const days = data.map(({ span, microusd, executions, inputTokens, outputTokens }) => ({
      date: dayOf(span.from),
      cost: usd(microusd),
      runs: executions,
      tokens: inputTokens + outputTokens,
    }));
    return ok({ days });
  },
});
