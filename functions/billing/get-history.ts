import * as z from "zod";
import { noParams, ok, usd } from "#shared/contract/common";
import { dayOf } from "#shared/core/money/account";
import { query } from "#shared/pipeline/route";
import { ledger } from "#shared/store/owners";
import { lastDays } from "./period.ts";
import { readLastDays } from "./read-period.ts";
import { spentByDay } from "./spending.ts";
import { sumsByDay } from "./sums-by-day.ts";

const Day = z.object({
  date: z.string(),
  spent: z.number(),
  executions: z.int(),
  /** Credits and adjustments together. */
  credited: z.number(),
  /** The balance at the end of the day, or now for today. */
  balance: z.number(),
});

export const getHistory = query({
  endpoint: "GET /v1/budget/history",
  summary: "Spending, credits and the balance of each of the last days (UTC), oldest first.",
  authenticate: "api-key",
  scope: "billing:read",
  params: noParams,
  query: lastDays,
  body: "none",
  bodyBytesMax: 0,
  limits: "reads",
  reply: { 200: z.object({ days: z.array(Day) }) },
  read: async ({ caller: { owner }, query, deps: { store }, now }) => {
    const days = await readLastDays(store, owner, { days: query.days, now });
    const lines = { owner, collection: ledger.all(owner), fields: ["amountMicrousd"] };
    const to = (days[0]?.from ?? now) - 1;
    const before = { fields: lines.fields, between: { field: "createdAt", from: undefined, to } };
    const [earlier, changed, spent] = await Promise.all([
      store.sum(lines.collection, before),
      sumsByDay(store, lines, days),
      spentByDay(store, owner, days),
    ]);
    return { days, earlier, changed, spent };
  },
  /** Computed from the ledger alone, so each balance is the sum of the lines before it. */
  answer({ data: { days, earlier, changed, spent } }) {
    let balanceMicrousd = earlier.sums[0] ?? 0;
    const shown = days.map((span, index) => {
      const changedMicrousd = changed[index]?.sums[0] ?? 0;
      const { microusd, executions } = spent[index] ?? { microusd: 0, executions: 0 };
      balanceMicrousd += changedMicrousd;
      return {
        date: dayOf(span.from),
        spent: usd(microusd),
        executions,
        credited: usd(changedMicrousd + microusd),
        balance: usd(balanceMicrousd),
      };
    });
    return ok({ days: shown });
  },
});
