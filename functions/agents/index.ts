/** Agents: which model an execution uses, and its instructions; and skills, which they read. */
import { defaultLimits, type Service } from "#shared/pipeline/service";
import { createAgent } from "./create-agent.ts";
import { createSkill } from "./create-skill.ts";
import { deleteAgent } from "./delete-agent.ts";
import { deleteSkill } from "./delete-skill.ts";
import { getAgent } from "./get-agent.ts";
import { getSkill } from "./get-skill.ts";
import { listAgents } from "./list-agents.ts";
import { listModels } from "./list-models.ts";
import { listSkills } from "./list-skills.ts";
import { updateAgent } from "./update-agent.ts";
import { updateSkill } from "./update-skill.ts";

export const service: Service = {
  name: "agents",
  summary: "Agents",
  visibility: "edge",
  routes: [
    ...[createAgent, listAgents, listModels, getAgent, updateAgent, deleteAgent],
    ...[createSkill, listSkills, getSkill, updateSkill, deleteSkill],
  ],
  limits: defaultLimits,
  roles: ["firestore.main", "secret.peppers"],
};
