import * as z from "zod";
import { ok } from "#shared/contract/common";
import { Deleted } from "#shared/contract/deleted";
import { idSchema } from "#shared/core/ids";
import { deletedBody } from "#shared/deletion/deletion-order";
import { requireAgentWrites } from "#shared/keys/environment-bounds";
import { ownedDeletion } from "#shared/pipeline/owned-route";
import { change } from "#shared/pipeline/route";
import { remove } from "#shared/store/documents";
import { skills } from "#shared/store/skills";

export const deleteSkill = change({
  endpoint: "DELETE /v1/skills/:skillId",
  summary: "Delete a skill for good; agents that name it work on without it.",
  ...ownedDeletion("agents:write"),
  params: z.object({ skillId: idSchema("skill") }),
  audit: "skill.deleted",
  reply: { 200: Deleted.extend({ skillId: z.string() }) },
  read: async ({ caller: { owner }, params: { skillId }, deps }) => {
    requireAgentWrites(owner);
    return await deps.store.require(skills.of(owner, skillId));
  },
  decide({ data: { ref, value, version } }) {
    return {
      writes: [remove(ref, version)],
      subject: value.id,
      facts: { category: value.category },
      reply: ok({ ...deletedBody(value.id, { isErased: true }), skillId: value.id }),
    };
  },
});
