import * as z from "zod";
import { skillBody } from "#shared/answers/skill-body";
import { noQuery, ok } from "#shared/contract/common";
import { SkillBody } from "#shared/contract/skill";
import { idSchema } from "#shared/core/ids";
import { query } from "#shared/pipeline/route";
import { skills } from "#shared/store/skills";

export const getSkill = query({
  endpoint: "GET /v1/skills/:skillId",
  summary: "Get a skill.",
  authenticate: "api-key",
  scope: "agents:read",
  params: z.object({ skillId: idSchema("skill") }),
  query: noQuery,
  body: "none",
  bodyBytesMax: 0,
  requestClass: "reads",
  reply: { 200: z.object({ skill: SkillBody }) },
  read: async ({ caller, params, deps }) =>
    await deps.store.require(skills.of(caller.owner, params.skillId)),
  answer({ caller, data }) {
    return ok({ skill: skillBody(data.value, caller.owner.id) });
  },
});
