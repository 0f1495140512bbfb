import type * as z from "zod";
import type { AgentBody } from "../contract/agent.ts";
import { fromJsonText, iso, isoOrNull } from "../contract/common.ts";
import type { Agent } from "../store/agents.ts";
import { projectOf } from "./project-of.ts";

/** An agent as the API shows it. */
export function agentBody(agent: Agent, ownerId: string): z.input<typeof AgentBody> {
  const { v: _v, binaryJson, metadataJson, ...same } = agent;
  return {
    ...same,
    userId: ownerId,
    projectId: projectOf(ownerId),
    binary: fromJsonText(binaryJson),
    isSystem: false,
    isActive: true,
    metadata: fromJsonText(metadataJson),
    createdAt: iso(agent.createdAt),
    updatedAt: iso(agent.updatedAt),
    lastRunAt: isoOrNull(agent.lastRunAt),
  };
}
