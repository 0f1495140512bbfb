import * as z from "zod";
import { agentBody } from "#shared/answers/agent-body";
import { AgentBody } from "#shared/contract/agent";
import { listBody, listOf, noParams, ok, PageQuery } from "#shared/contract/common";
import { ownedRead } from "#shared/pipeline/owned-route";
import { query } from "#shared/pipeline/route";
import { agents } from "#shared/store/agents";

export const listAgents = query({
  endpoint: "GET /v1/agents",
  summary: "The account's agents, newest first.",
  ...ownedRead("agents:read"),
  params: noParams,
  query: PageQuery.extend({ appId: z.string().max(100).optional() }),
  reply: { 200: listOf(AgentBody) },
  read: async ({ caller, query, deps }) => {
    const { limit, offset, appId } = query;
    // No agent belongs to an app.
    if (appId !== undefined) return { items: [], hasMore: false, total: 0 };
    const orderBy = [["createdAt", "desc"]] as const;
    return await deps.store.page(agents.all(caller.owner), { orderBy, limit, offset });
  },
  answer({ caller, query, data }) {
    const bodies = data.items.map((agent) => agentBody(agent, caller.owner.id));
    return ok(listBody(bodies, { ...query, total: data.total }));
  },
});
