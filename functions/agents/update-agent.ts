import * as z from "zod";
import { agentBody } from "#shared/answers/agent-body";
import { AgentBody, AgentUpdate, agentWarnings } from "#shared/contract/agent";
import { noQuery, ok } from "#shared/contract/common";
import { Warnings } from "#shared/contract/unsupported";
import { idSchema } from "#shared/core/ids";
import { modelWarnings } from "#shared/executions/models";
import { requireAgentWrites } from "#shared/keys/environment-bounds";
import { toStartLater } from "#shared/keys/further-scopes";
import { change, jsonBytesMax } from "#shared/pipeline/route";
import { agents } from "#shared/store/agents";
import { patch } from "#shared/store/documents";
import { changedAgent } from "./new-agent.ts";

export const updateAgent = change({
  endpoint: "PATCH /v1/agents/:agentId",
  summary: "Change the given fields; executions that have started keep the earlier values.",
  authenticate: "api-key",
  scope: "agents:write",
  needsToo: toStartLater,
  params: z.object({ agentId: idSchema("agent") }),
  query: noQuery,
  body: AgentUpdate,
  bodyBytesMax: jsonBytesMax,
  requestClass: "writes",
  beforeConfirmed: "reads",
  account: "none",
  audit: "agent.updated",
  reply: { 200: z.object({ agent: AgentBody, warnings: Warnings }) },
  read: async ({ caller: { owner }, params: { agentId }, deps }) => {
    requireAgentWrites(owner);
    return await deps.store.require(agents.of(owner, agentId));
  },
  decide({ caller: { owner }, body, data: { ref, value, version }, now }) {
    const fields = changedAgent(body, value, now);
    return {
      writes: [patch(ref, fields, { version })],
      subject: value.id,
      facts: { model: fields.model },
      reply: ok({
        agent: agentBody({ ...value, ...fields }, owner.id),
        warnings: [
          ...agentWarnings(body, fields.model),
          ...(body.model === undefined ? [] : modelWarnings(body.model)),
        ],
      }),
    };
  },
});
