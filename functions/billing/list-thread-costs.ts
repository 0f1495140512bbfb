import * as z from "zod";
import { threadBody } from "#shared/answers/thread-body";
import { listBody, listOf, noParams, ok, PageQuery, usd } from "#shared/contract/common";
import { computeTokens, TokenCost, tokenCost } from "#shared/contract/costs";
import { from, until } from "#shared/contract/instants";
import { ThreadBody } from "#shared/contract/thread";
import { idSchema } from "#shared/core/ids";
import { allInOrder } from "#shared/errors/all-in-order";
import { namesOfThreads } from "#shared/executions/thread-names";
import { ownedRead } from "#shared/pipeline/owned-route";
import { query } from "#shared/pipeline/route";
import { agents } from "#shared/store/agents";
import { environments } from "#shared/store/environments";
import { threads } from "#shared/store/threads";
import { threadModelsIn, threadTotalsIn } from "./spending.ts";

/** Agents cost what their model calls cost, environments the time of their containers. */
const sortedBy = {
  totalCost: "costMicrousd",
  agentCost: "modelCostMicrousd",
  environmentCost: "timeCostMicrousd",
  createdAt: "createdAt",
  duration: "computeMs",
} as const;

const ThreadCostsQuery = PageQuery.extend({
  sortBy: z
    .enum(["totalCost", "agentCost", "environmentCost", "createdAt", "duration"])
    .default("createdAt"),
  order: z.enum(["asc", "desc"]).default("desc"),
  startDate: from,
  endDate: until,
  agentId: idSchema("agent").optional(),
  environmentId: idSchema("environment").optional(),
});

/**
 * `totalCost` is in whole compute tokens (cents), as in all `/costs`; `totalCostUsd` is unrounded.
 */
const cost = { ...TokenCost.shape, totalCostUsd: z.number(), durationMs: z.int() };

export const listThreadCosts = query({
  endpoint: "GET /v1/costs/threads",
  summary: "Threads and their costs in compute tokens, most expensive or newest first.",
  ...ownedRead("billing:read"),
  params: noParams,
  query: ThreadCostsQuery,
  reply: {
    200: listOf(ThreadBody.extend(cost)).extend({
      stats: TokenCost.extend({ totalThreads: z.int() }),
    }),
  },
  read: async ({ caller: { owner }, query, deps: { store }, now }) => {
    const { agentId, environmentId, sortBy, order, limit, offset } = query;
    const where = [
      ...(agentId === undefined ? [] : [["agentId", agentId] as const]),
      ...(environmentId === undefined ? [] : [["environmentId", environmentId] as const]),
    ];
    // Every query has a range, so that one index serves those with and without dates.
    const span = { from: query.startDate ?? 0, to: query.endDate ?? now };
    const between = { field: "createdAt", ...span };
    const first = [sortedBy[sortBy], order] as const;
    const orderBy = first[0] === "createdAt" ? [first] : [first, ["createdAt", order] as const];
    // An id of another owner is answered 404, as everywhere.
    const [page, { costMicrousd: microusd }, modelMicrousd] = await allInOrder([
      store.page(threads.all(owner), { where, between, orderBy, limit, offset }),
      threadTotalsIn(store, owner, { span, where }),
      threadModelsIn(store, owner, { span, where }),
      agentId === undefined ? null : store.require(agents.of(owner, agentId)),
      environmentId === undefined ? null : store.require(environments.of(owner, environmentId)),
    ]);
    const namesOf = await namesOfThreads(store, owner, page.items);
    return { ...page, namesOf, spent: { microusd, modelMicrousd } };
  },
  answer({ caller, query, data: { items, total, namesOf, spent } }) {
    const rows = items.map((thread) => ({
      ...threadBody(thread, { ...namesOf(thread), ownerId: caller.owner.id }),
      ...tokenCost({
        microusd: thread.costMicrousd,
        modelMicrousd: thread.modelCostMicrousd,
      }),
      totalCost: computeTokens(thread.costMicrousd),
      totalCostUsd: usd(thread.costMicrousd),
      durationMs: thread.computeMs,
    }));
    const stats = { ...tokenCost(spent), totalThreads: total };
    return ok({ ...listBody(rows, { ...query, total }), stats });
  },
});
