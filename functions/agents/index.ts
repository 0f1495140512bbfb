/** Agents: which model an execution uses, and its instructions. */
import { defaultLimits, type Service } from "#shared/pipeline/service";
import { createAgent } from "./create-agent.ts";
import { deleteAgent } from "./delete-agent.ts";
import { getAgent } from "./get-agent.ts";
import { listAgents } from "./list-agents.ts";
import { listModels } from "./list-models.ts";
import { updateAgent } from "./update-agent.ts";

export const service: Service = {
  name: "agents",
  summary: "Agents",
  visibility: "edge",
  routes: [createAgent, listAgents, listModels, getAgent, updateAgent, deleteAgent],
  limits: defaultLimits,
  roles: ["firestore.main", "secret.peppers"],
};
