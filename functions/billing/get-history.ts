import * as z from "zod";
import { noParams, ok, usd } from "#shared/contract/common";
import { dayOf } from "#shared/core/money/account";
import { allInOrder } from "#shared/errors/all-in-order";
import { ownedRead } from "#shared/pipeline/owned-route";
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
  summary: "Spending, credits and balance per day, for the last N days (UTC), oldest first.",
  ...ownedRead("billing:read"),
  params: noParams,
  query: lastDays,
  reply: { 200: z.object({ days: z.array(Day) }) },
  read: async ({ caller: { owner }, query, deps: { store }, now }) => {
    const days = await readLastDays(store, owner, { days: query.days, now });
    const lines = { owner, collection: ledger.all(owner), fields: ["amountMicrousd"] };
    const to = (days[0]?.from ?? now) - 1;
    const earlier = { fields: lines.fields, between: { field: "createdAt", from: undefined, to } };
    const [balanceBefore, netByDay, spendingByDay] = await allInOrder([
      store.sum(lines.collection, earlier),
      sumsByDay(store, lines, days),
      spentByDay(store, owner, days),
    ]);
    return { days, balanceBefore, netByDay, spendingByDay };
  },
  /** Balances come from the ledger alone: each is the sum of all lines up to the end of its day. */
  answer({ data: { days, balanceBefore, netByDay, spendingByDay } }) {
    let balanceMicrousd = balanceBefore.sums[0] ?? 0;
    const shown = days.map((span, index) => {
      const netMicrousd = netByDay[index]?.sums[0] ?? 0;
      const { microusd, executions } = spendingByDay[index] ?? { microusd: 0, executions: 0 };
      balanceMicrousd += netMicrousd;
      return {
        date: dayOf(span.from),
        spent: usd(microusd),
        executions,
        // The ledger's lines of a day are its credits less its charges.
        credited: usd(netMicrousd + microusd),
        balance: usd(balanceMicrousd),
      };
    });
    return ok({ days: shown });
  },
});
