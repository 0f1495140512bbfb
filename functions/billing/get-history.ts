import * as z from "zod";
import { noParams, ok, usd } from "#shared/contract/common";
import { dayOf } from "#shared/core/money/account";
import { route } from "#shared/pipeline/route";
import { accountId, accounts, ledger } from "#shared/store/owners";
import { daysOf, lastDays, type Span } from "./period.ts";
import { ofEach, spentIn } from "./spending.ts";

const Day = z.object({
  date: z.string(),
  spent: z.number(),
  executions: z.int(),
  /** Credits and adjustments together. */
  credited: z.number(),
  /** The balance at the end of the day, or now for today. */
  balance: z.number(),
});

export const getHistory = route({
  answers: "GET /v1/budget/history",
  summary: "Spending, credits and the balance of each of the last days (UTC), oldest first.",
  authenticate: "api-key",
  scope: "billing:read",
  params: noParams,
  query: lastDays,
  body: "none",
  bodyBytesMax: 0,
  limits: "reads",
  budget: "free",
  audit: "none",
  reply: { 200: z.object({ days: z.array(Day) }) },
  read: async ({ caller: { owner }, query, deps: { store }, now }) => {
    const { createdAt } = (await store.require(accounts.of(owner, accountId))).value;
    const changedBy = async (span: Partial<Span>) => {
      const between = { field: "createdAt", from: span.from, to: span.to };
      const { sums } = await store.sum(ledger.all(owner), { between, fields: ["amountMicrousd"] });
      return sums[0] ?? 0;
    };
    const days = daysOf({ from: 0, to: now }, { createdAt, now, max: query.days });
    const before = await changedBy({ to: (days[0]?.from ?? now) - 1 });
    const sums = await ofEach(days, async (span) => ({
      date: dayOf(span.from),
      spent: await spentIn(store, owner, { span }),
      changedMicrousd: await changedBy(span),
    }));
    return { before, sums };
  },
  /** Computed from the ledger alone, so each balance is the sum of the lines before it. */
  decide({ data: { before, sums } }) {
    let balanceMicrousd = before;
    const days = sums.map(({ date, spent, changedMicrousd }) => {
      balanceMicrousd += changedMicrousd;
      return {
        date,
        spent: usd(spent.microusd),
        executions: spent.executions,
        credited: usd(changedMicrousd + spent.microusd),
        balance: usd(balanceMicrousd),
      };
    });
    return { writes: [], reply: ok({ days }) };
  },
});
