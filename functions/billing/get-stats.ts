import * as z from "zod";
import { iso, noParams, ok, usd } from "#shared/contract/common";
import { query } from "#shared/pipeline/route";
import { accountId, accounts } from "#shared/store/owners";
import { breakdown } from "./breakdown.ts";
import { periods, spanOf } from "./period.ts";
import { type Begun, spentAndBegunIn } from "./spending.ts";

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
  summary: "What a period has cost, in US dollars; by project, model or agent if asked.",
  authenticate: "api-key",
  scope: "billing:read",
  params: noParams,
  query: z.object({
    period: z.enum(periods).default("month"),
    breakdown: z.enum(["project", "model", "agent"]).optional(),
  }),
  body: "none",
  bodyBytesMax: 0,
  limits: "reads",
  reply: { 200: z.object({ stats: Stats }) },
  read: async ({ caller: { owner }, query, deps: { store }, now }) => {
    const { createdAt } = (await store.require(accounts.of(owner, accountId))).value;
    const span = spanOf({ period: query.period }, { createdAt, now });
    const [whole, groups] = await Promise.all([
      spentAndBegunIn(store, owner, { span }),
      query.breakdown ? breakdown(store, owner, { span, by: dimensions[query.breakdown] }) : null,
    ]);
    return { span, whole, groups };
  },
  answer({ query, data: { span, whole, groups } }) {
    const tokensOf = (totals: Begun) => totals.inputTokens + totals.outputTokens;
    const parts = groups?.map((group) => [
      group.id,
      {
        cost: usd(group.spent.microusd),
        tokens: tokensOf(group.begun),
        runs: group.spent.executions,
      },
    ]);
    const stats = {
      period: query.period,
      startDate: iso(span.from),
      endDate: iso(span.to),
      totalCost: usd(whole.microusd),
      totalTokens: tokensOf(whole),
      totalRuns: whole.executions,
      ...(parts ? { breakdown: Object.fromEntries(parts) } : {}),
    };
    return ok({ stats });
  },
});
