import { AgentBody, agentBody } from "#shared/contract/agent";
import { listBody, listOf, noParams, ok, PageQuery } from "#shared/contract/common";
import { lastRunOf } from "#shared/executions/usage";
import { route } from "#shared/pipeline/route";
import { agents } from "#shared/store/agents";

export const listAgents = route({
  answers: "GET /v1/agents",
  summary: "The account's agents, newest first.",
  authenticate: "api-key",
  scope: "agents:read",
  params: noParams,
  query: PageQuery,
  body: "none",
  bodyBytesMax: 0,
  limits: "reads",
  budget: "free",
  audit: "none",
  reply: { 200: listOf(AgentBody) },
  read: async ({ caller, query, deps }) => {
    const { limit, offset } = query;
    const orderBy = [["createdAt", "desc"]] as const;
    const { owner } = caller;
    const page = await deps.store.page(agents.all(owner), { orderBy, limit, offset });
    const lastRuns = page.items.map(({ id }) => lastRunOf(deps.store, owner, id));
    return { ...page, lastRuns: await Promise.all(lastRuns) };
  },
  decide({ caller, query, data }) {
    const { id: ownerId } = caller.owner;
    const bodies = data.items.map((agent, index) =>
      agentBody(agent, { ownerId, lastRunAt: data.lastRuns[index] ?? null }),
    );
    return { writes: [], reply: ok(listBody(bodies, { ...query, total: data.total })) };
  },
});
