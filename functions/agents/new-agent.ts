import type { AgentCreate } from "#shared/contract/agent";
import { toJsonText } from "#shared/contract/common";
import type { Agent } from "#shared/store/agents";

/** The document of a new agent, from the body that describes it. */
export function newAgent(body: AgentCreate, id: string, now: number): Agent {
  return {
    v: 1,
    id,
    name: body.name,
    description: body.description ?? null,
    model: body.model,
    instructions: body.instructions ?? null,
    binaryJson: toJsonText(body.binary),
    reasoningEffort: body.reasoningEffort ?? "medium",
    enabledSkills: body.enabledSkills ?? null,
    deepResearchModel: body.deepResearchModel ?? null,
    isDefault: body.isDefault,
    metadataJson: toJsonText(body.metadata),
    createdAt: now,
    updatedAt: now,
    lastRunAt: null,
  };
}
