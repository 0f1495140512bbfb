import { skillBody } from "#shared/answers/skill-body";
import { listBody, listOf, noParams, ok } from "#shared/contract/common";
import { SkillBody, SkillsQuery } from "#shared/contract/skill";
import { ownedRead } from "#shared/pipeline/owned-route";
import { query } from "#shared/pipeline/route";
import { skills } from "#shared/store/skills";

export const listSkills = query({
  endpoint: "GET /v1/skills",
  summary: "The account's skills, newest first; of one category, or active ones, if asked.",
  ...ownedRead("agents:read"),
  params: noParams,
  query: SkillsQuery,
  reply: { 200: listOf(SkillBody) },
  read: async ({ caller, query: { limit, offset, category, isActive }, deps }) => {
    const where = [
      ...(category === undefined ? [] : [["category", category] as const]),
      ...(isActive === undefined ? [] : [["isActive", isActive] as const]),
    ];
    const orderBy = [["createdAt", "desc"]] as const;
    return await deps.store.page(skills.all(caller.owner), { where, orderBy, limit, offset });
  },
  answer({ caller, query, data }) {
    const bodies = data.items.map((skill) => skillBody(skill, caller.owner.id));
    return ok(listBody(bodies, { ...query, total: data.total }));
  },
});
