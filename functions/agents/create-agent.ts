import * as z from "zod";
import { agentBody } from "#shared/answers/agent-body";
import { deploymentLimits } from "#shared/config";
import { AgentBody, AgentCreate, agentWarnings } from "#shared/contract/agent";
import { created, noParams, noQuery } from "#shared/contract/common";
import { Warnings } from "#shared/contract/unsupported";
import { modelWarnings } from "#shared/executions/models";
import { requireAgentWrites } from "#shared/keys/environment-bounds";
import { toStartLater } from "#shared/keys/further-scopes";
import { change, jsonBytesMax } from "#shared/pipeline/route";
import { countOwnedIfRepeated, withOneMoreOwned } from "#shared/quotas/owned-resources";
import { agents } from "#shared/store/agents";
import { create } from "#shared/store/documents";
import { newAgent } from "./new-agent.ts";

export const createAgent = change({
  endpoint: "POST /v1/agents",
  summary: "Create an agent; names need not be unique.",
  authenticate: "api-key",
  scope: "agents:write",
  needsToo: toStartLater,
  params: noParams,
  query: noQuery,
  body: AgentCreate,
  bodyBytesMax: jsonBytesMax,
  requestClass: "writes",
  beforeConfirmed: "reads",
  account: "quota",
  audit: "agent.created",
  reply: { 201: z.object({ agent: AgentBody, warnings: Warnings }) },
  // Nothing is counted at first; docs/adding-a-route.md says why.
  read: async ({ caller: { owner }, repeated, deps }) => {
    requireAgentWrites(owner);
    return { counted: await countOwnedIfRepeated(deps.store, owner, { kind: "agents", repeated }) };
  },
  decide({ caller: { owner }, body, data: { counted }, account, ids, now }) {
    const { quotas } = deploymentLimits();
    const agent = newAgent(body, ids.next("agent"), now);
    const reply = created({
      agent: agentBody(agent, owner.id),
      warnings: [...agentWarnings(body, body.model), ...modelWarnings(body.model)],
    });
    return {
      writes: [create(agents.of(owner, agent.id), agent)],
      account: withOneMoreOwned(account, { kind: "agents", counted, quotas }, now),
      subject: agent.id,
      facts: { model: agent.model },
      reply,
    };
  },
});
