import * as z from "zod";
import { agentBody } from "#shared/answers/agent-body";
import { AgentBody } from "#shared/contract/agent";
import { ok } from "#shared/contract/common";
import { idSchema } from "#shared/core/ids";
import { ownedRead } from "#shared/pipeline/owned-route";
import { query } from "#shared/pipeline/route";
import { agents } from "#shared/store/agents";

export const getAgent = query({
  endpoint: "GET /v1/agents/:agentId",
  summary: "Get an agent.",
  ...ownedRead("agents:read"),
  params: z.object({ agentId: idSchema("agent") }),
  reply: { 200: z.object({ agent: AgentBody }) },
  read: async ({ caller, params, deps }) =>
    await deps.store.require(agents.of(caller.owner, params.agentId)),
  answer({ caller, data }) {
    return ok({ agent: agentBody(data.value, caller.owner.id) });
  },
});
