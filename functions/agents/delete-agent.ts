import * as z from "zod";
import { ok, optionalFlag } from "#shared/contract/common";
import { Deleted } from "#shared/contract/deleted";
import { idSchema } from "#shared/core/ids";
import { deletedBody } from "#shared/deletion/deletion-order";
import { requireAgentWrites } from "#shared/keys/environment-bounds";
import { ownedDeletion } from "#shared/pipeline/owned-route";
import { change } from "#shared/pipeline/route";
import { agents } from "#shared/store/agents";
import { remove } from "#shared/store/documents";

export const deleteAgent = change({
  endpoint: "DELETE /v1/agents/:agentId",
  summary: "Delete an agent for good; its threads stay readable, and can execute nothing more.",
  ...ownedDeletion("agents:write"),
  params: z.object({ agentId: idSchema("agent") }),
  // Clients of the public API ask for it; here nothing that is deleted is only hidden.
  query: z.object({ hard: optionalFlag }),
  audit: "agent.deleted",
  reply: { 200: Deleted },
  read: async ({ caller: { owner }, params: { agentId }, deps }) => {
    requireAgentWrites(owner);
    return await deps.store.require(agents.of(owner, agentId));
  },
  decide({ data: { ref, value, version } }) {
    // Nothing else is stored of an agent: executions have copied its model alone.
    return {
      writes: [remove(ref, version)],
      subject: value.id,
      facts: { model: value.model },
      reply: ok(deletedBody(value.id, { isErased: true })),
    };
  },
});
