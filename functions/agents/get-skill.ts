import * as z from "zod";
import { skillBody } from "#shared/answers/skill-body";
import { ok } from "#shared/contract/common";
import { SkillBody } from "#shared/contract/skill";
import { idSchema } from "#shared/core/ids";
import { ownedRead } from "#shared/pipeline/owned-route";
import { query } from "#shared/pipeline/route";
import { skills } from "#shared/store/skills";

export const getSkill = query({
  endpoint: "GET /v1/skills/:skillId",
  summary: "Get a skill.",
  ...ownedRead("agents:read"),
  params: z.object({ skillId: idSchema("skill") }),
  reply: { 200: z.object({ skill: SkillBody }) },
  read: async ({ caller, params, deps }) =>
    await deps.store.require(skills.of(caller.owner, params.skillId)),
  answer({ caller, data }) {
    return ok({ skill: skillBody(data.value, caller.owner.id) });
  },
});
