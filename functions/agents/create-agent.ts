import * as z from "zod";
import { AgentBody, AgentCreate, agentBody, agentWarnings, newAgent } from "#shared/contract/agent";
import { created, noParams, noQuery } from "#shared/contract/common";
import { Warnings } from "#shared/contract/secret";
import { jsonBytesMax, route } from "#shared/pipeline/route";
import { agents } from "#shared/store/agents";
import { create } from "#shared/store/documents";

export const createAgent = route({
  answers: "POST /v1/agents",
  summary: "Make an agent; names need not be unique.",
  authenticate: "api-key",
  scope: "agents:write",
  params: noParams,
  query: noQuery,
  body: AgentCreate,
  bodyBytesMax: jsonBytesMax,
  limits: "writes",
  budget: "free",
  audit: "agent.created",
  reply: { 201: z.object({ agent: AgentBody, warnings: Warnings }) },
  read: "nothing",
  decide({ caller: { owner }, body, ids, now }) {
    const agent = newAgent(body, ids.next("agent"), now);
    const writes = [create(agents.of(owner, agent.id), agent)];
    const reply = created({
      agent: agentBody(agent, owner.id),
      warnings: agentWarnings(body),
    });
    return { writes, subject: agent.id, facts: { model: agent.model }, reply };
  },
});
