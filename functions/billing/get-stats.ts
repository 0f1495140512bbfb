import * as z from "zod";
import { iso, noParams, ok, usd } from "#shared/contract/common";
import { allInOrder } from "#shared/errors/all-in-order";
import { query } from "#shared/pipeline/route";
import { breakdown } from "./breakdown.ts";
import { periods } from "./period.ts";
import { readPeriod } from "./read-period.ts";
import { type Spent, totalsIn } from "./spending.ts";

const dimensions = { project: "projectId", model: "model", agent: "agentId" } as const;

const Stats = z.object({
  period: z.string(),
  startDate: z.string(),
  endDate: z.string(),
  totalCost: z.number(),
  totalTokens: z.int(),
  totalRuns: z.int(),
  breakdown: z
    .record(z.string(), z.object({ cost: z.number(), tokens: z.int(), runs: z.int() }))
    .optional(),
});

export const getStats = query({
  endpoint: "GET /v1/billing/stats",
  summary: "The cost of a period in US dollars, grouped by project, model or agent if asked.",
  authenticate: "api-key",
  scope: "billing:read",
  params: noParams,
  query: z.object({
    period: z.enum(periods).default("month"),
    breakdown: z.enum(["project", "model", "agent"]).optional(),
  }),
  body: "none",
  bodyBytesMax: 0,
  requestClass: "reads",
  reply: { 200: z.object({ stats: Stats }) },
  read: async ({ caller: { owner }, query, deps: { store }, now }) => {
    const { span } = await readPeriod(store, owner, { query, now });
    const [total, groups] = await allInOrder([
      totalsIn(store, owner, { span }),
      query.breakdown ? breakdown(store, owner, { span, by: dimensions[query.breakdown] }) : null,
    ]);
    return { span, total, groups };
  },
  answer({ query, data: { span, total, groups } }) {
    const tokensOf = (spent: Spent) => spent.inputTokens + spent.outputTokens;
    const parts = groups?.map((group) => [
      group.id,
      {
        cost: usd(group.spent.microusd),
        tokens: tokensOf(group.spent),
        runs: group.spent.executions,
      },
    ]);
    const stats = {
      period: query.period,
      startDate: iso(span.from),
      endDate: iso(span.to),
      totalCost: usd(total.microusd),
      totalTokens: tokensOf(total),
      totalRuns: total.executions,
      ...(parts ? { breakdown: Object.fromEntries(parts) } : {}),
    };
    return ok({ stats });
  },
});
