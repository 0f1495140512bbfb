import * as z from "zod";
import { skillBody } from "#shared/answers/skill-body";
import { deploymentLimits } from "#shared/config";
import { created, noParams, noQuery } from "#shared/contract/common";
import { SkillBody, SkillCreate } from "#shared/contract/skill";
import { requireAgentWrites } from "#shared/keys/environment-bounds";
import { toStartLater } from "#shared/keys/further-scopes";
import { change, jsonBytesMax } from "#shared/pipeline/route";
import { countOwnedIfRepeated, withOneMoreOwned } from "#shared/quotas/owned-resources";
import { create } from "#shared/store/documents";
import { skills } from "#shared/store/skills";
import { newSkill } from "./new-skill.ts";

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
  account: "quota",
  audit: "skill.created",
  reply: { 201: z.object({ skill: SkillBody }) },
  // Nothing is counted at first; docs/adding-a-route.md says why.
  read: async ({ caller: { owner }, repeated, deps }) => {
    requireAgentWrites(owner);
    return { counted: await countOwnedIfRepeated(deps.store, owner, { kind: "skills", repeated }) };
  },
  decide({ caller: { owner }, body, data: { counted }, account, ids, now }) {
    const { quotas } = deploymentLimits();
    const skill = newSkill(body, ids.next("skill"), now);
    return {
      writes: [create(skills.of(owner, skill.id), skill)],
      account: withOneMoreOwned(account, { kind: "skills", counted, quotas }, now),
      subject: skill.id,
      facts: { category: skill.category },
      reply: created({ skill: skillBody(skill, owner.id) }),
    };
  },
});
