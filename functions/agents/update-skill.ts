import * as z from "zod";
import { skillBody } from "#shared/answers/skill-body";
import { noQuery, ok } from "#shared/contract/common";
import { SkillBody, SkillUpdate } from "#shared/contract/skill";
import { idSchema } from "#shared/core/ids";
import { requireAgentWrites } from "#shared/keys/environment-bounds";
import { toStartLater } from "#shared/keys/further-scopes";
import { change, jsonBytesMax } from "#shared/pipeline/route";
import { patch } from "#shared/store/documents";
import { skills } from "#shared/store/skills";
import { changedSkill } from "./new-skill.ts";

export const updateSkill = change({
  endpoint: "PATCH /v1/skills/:skillId",
  summary: "Change the given fields; executions that are claimed already keep the earlier values.",
  authenticate: "api-key",
  scope: "agents:write",
  needsToo: toStartLater,
  params: z.object({ skillId: idSchema("skill") }),
  query: noQuery,
  body: SkillUpdate,
  bodyBytesMax: jsonBytesMax,
  requestClass: "writes",
  beforeConfirmed: "reads",
  account: "none",
  audit: "skill.updated",
  reply: { 200: z.object({ skill: SkillBody }) },
  read: async ({ caller: { owner }, params: { skillId }, deps }) => {
    requireAgentWrites(owner);
    return await deps.store.require(skills.of(owner, skillId));
  },
  decide({ caller: { owner }, body, data: { ref, value, version }, now }) {
    const fields = changedSkill(body, value, now);
    return {
      writes: [patch(ref, fields, { version })],
      subject: value.id,
      facts: { category: fields.category },
      reply: ok({ skill: skillBody({ ...value, ...fields }, owner.id) }),
    };
  },
});
