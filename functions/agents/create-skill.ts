import * as z from "zod";
import { skillBody } from "#shared/answers/skill-body";
import { created, noParams, noQuery } from "#shared/contract/common";
import { SkillBody, SkillCreate } from "#shared/contract/skill";
import { ApiError } from "#shared/errors/api-error";
import { requireAgentWrites } from "#shared/keys/environment-bounds";
import { toStartLater } from "#shared/keys/further-scopes";
import { change, jsonBytesMax } from "#shared/pipeline/route";
import { create } from "#shared/store/documents";
import { skills } from "#shared/store/skills";
import { newSkill } from "./new-skill.ts";

/** They are counted before the commit, so requests at the same time may make a few more. */
const skillsMax = 200;

export const createSkill = change({
  endpoint: "POST /v1/skills",
  summary: "Create a skill: instructions and files that language models read when they need them.",
  authenticate: "api-key",
  scope: "agents:write",
  needsToo: toStartLater,
  params: noParams,
  query: noQuery,
  body: SkillCreate,
  bodyBytesMax: jsonBytesMax,
  requestClass: "writes",
  beforeConfirmed: "reads",
  account: "none",
  audit: "skill.created",
  refusals: ["QUOTA_REACHED"],
  reply: { 201: z.object({ skill: SkillBody }) },
  read: async ({ caller: { owner }, deps }) => {
    requireAgentWrites(owner);
    return await deps.store.sum(skills.all(owner), { fields: [] });
  },
  decide({ caller: { owner }, body, data: { count }, ids, now }) {
    if (count >= skillsMax) {
      const message = `An account has at most ${skillsMax} skills; this one has reached that.`;
      throw new ApiError("QUOTA_REACHED", { message, details: { of: "skills", limit: skillsMax } });
    }
    const skill = newSkill(body, ids.next("skill"), now);
    return {
      writes: [create(skills.of(owner, skill.id), skill)],
      subject: skill.id,
      facts: { category: skill.category },
      reply: created({ skill: skillBody(skill, owner.id) }),
    };
  },
});
