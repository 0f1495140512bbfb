import type { AgentCreate, AgentUpdate } from "#shared/contract/agent";
import { toJsonText } from "#shared/contract/common";
import type { Agent } from "#shared/store/agents";

const usualEffort = "medium";

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
    reasoningEffort: body.reasoningEffort ?? usualEffort,
    enabledSkills: body.enabledSkills ?? null,
    deepResearchModel: body.deepResearchModel ?? null,
    isDefault: body.isDefault,
    metadataJson: toJsonText(body.metadata),
    createdAt: now,
    updatedAt: now,
    lastRunAt: null,
  };
}

/** The fields of a changed agent: those that the body names, and the others as they were. */
export function changedAgent(body: AgentUpdate, agent: Agent, now: number) {
  const kept = <T>(asked: T | undefined, value: T): T => (asked === undefined ? value : asked);
  const json = (asked: unknown, text: string) => (asked === undefined ? text : toJsonText(asked));
  const { reasoningEffort } = body;
  return {
    name: body.name ?? agent.name,
    model: body.model ?? agent.model,
    description: kept(body.description, agent.description),
    instructions: kept(body.instructions, agent.instructions),
    binaryJson: json(body.binary, agent.binaryJson),
    reasoningEffort:
      reasoningEffort === null ? usualEffort : kept(reasoningEffort, agent.reasoningEffort),
    enabledSkills: kept(body.enabledSkills, agent.enabledSkills),
    deepResearchModel: kept(body.deepResearchModel, agent.deepResearchModel),
    isDefault: body.isDefault ?? agent.isDefault,
    metadataJson: json(body.metadata, agent.metadataJson),
    updatedAt: now,
  };
}
