import * as z from "zod";
import { noParams, ok } from "#shared/contract/common";
import { TokenCost, tokenCost } from "#shared/contract/costs";
import { query } from "#shared/pipeline/route";
import { breakdown, type Group } from "./breakdown.ts";
import { PeriodQuery } from "./period.ts";
import { readPeriod } from "./read-period.ts";

const Item = TokenCost.extend({ id: z.string(), name: z.string(), threadCount: z.int() });

const CostBreakdown = z.object({
  groupBy: z.string(),
  period: z.string(),
  environments: z.array(Item),
  agents: z.array(Item),
  sources: z.array(Item),
});

export const getCostBreakdown = query({
  endpoint: "GET /v1/costs/breakdown",
  summary: "The costs of a period by environment, agent or source, in compute tokens.",
  authenticate: "api-key",
  scope: "billing:read",
  params: noParams,
  query: PeriodQuery.extend({
    groupBy: z.enum(["environment", "agent", "source"]).default("environment"),
  }),
  body: "none",
  bodyBytesMax: 0,
  requestClass: "reads",
  reply: { 200: CostBreakdown },
  read: async ({ caller: { owner }, query, deps: { store }, now }): Promise<readonly Group[]> => {
    const { span } = await readPeriod(store, owner, { query, now });
    const { groupBy } = query;
    const by = groupBy === "source" ? groupBy : (`${groupBy}Id` as const);
    return await breakdown(store, owner, { span, by });
  },
  answer({ query, data }) {
    const { groupBy, period } = query;
    const items = data.map(({ id, name, spent, threadTotals }) => ({
      id,
      name,
      ...tokenCost(spent),
      threadCount: threadTotals.threads,
    }));
    const none = { environments: [], agents: [], sources: [] };
    return ok({ groupBy, period, ...none, [`${groupBy}s`]: items });
  },
});
