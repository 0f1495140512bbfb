import * as z from "zod";
import { reasoningEfforts } from "../protocol/language-model.ts";
import { Metadata } from "./common.ts";
import { ignoredField, noWarning, unsupportedWarnings, type WarningTexts } from "./unsupported.ts";

const text = z.string().max(100_000);

/** What earlier versions of the public API had on an agent. */
const earlierFields = {
  agentType: ignoredField,
  mcpServers: ignoredField,
  execution: ignoredField,
  handoffs: ignoredField,
  workspace: ignoredField,
  config: ignoredField,
  appId: ignoredField,
};

export const AgentCreate = z.object({
  name: z.string().trim().min(1).max(200),
  /**
   * Any name is stored; whether the deployment offers the model is checked when a message is sent.
   */
  model: z.string().trim().min(1).max(200),
  description: text.nullish(),
  instructions: text.nullish(),
  binary: z.unknown().optional(),
  reasoningEffort: z.enum(reasoningEfforts).optional(),
  enabledSkills: z.array(z.string().max(100)).max(100).nullish(),
  deepResearchModel: z.string().max(100).nullish(),
  isDefault: z.boolean().default(false),
  id: ignoredField,
  isSystem: ignoredField,
  ...earlierFields,
  metadata: Metadata,
});
export type AgentCreate = z.output<typeof AgentCreate>;

const warningTexts: WarningTexts<AgentCreate> = {
  name: noWarning,
  model: noWarning,
  description: noWarning,
  metadata: noWarning,
  id: "is ignored: ids are made here",
  isSystem: "is ignored: agents belong to accounts",
  agentType: "is ignored: every agent works in a sandbox",
  mcpServers: "is ignored: MCP servers are an environment's or a message's",
  execution: "is ignored: the deployment says how long an execution may take",
  handoffs: "is ignored: agents hand over in an orchestration",
  workspace: "is ignored: a thread's environment has the files",
  config: "is ignored: models choose these themselves",
  appId: "is ignored: agents belong to no app",
  isDefault: "is kept and read back, and no thread gets an agent that it doesn't name",
  instructions: noWarning,
  reasoningEffort: noWarning,
  binary: "is kept and read back, and no model of this deployment uses it",
  enabledSkills: noWarning,
  deepResearchModel: "is kept and read back, and no model of this deployment does research",
};

/** Language models read these. */
const shellWarningTexts: WarningTexts<AgentCreate> = {
  ...warningTexts,
  instructions: "is kept and read back, and the model `shell` follows no instructions",
  reasoningEffort: "is kept and read back, and the model `shell` doesn't reason",
  enabledSkills: "is kept and read back, and the model `shell` reads no skills",
};

/** The fields to change. Null clears what may be empty; a field that isn't named stays as it is. */
export const AgentUpdate = AgentCreate.partial().extend({
  reasoningEffort: AgentCreate.shape.reasoningEffort.nullish(),
  isDefault: z.boolean().optional(),
});
export type AgentUpdate = z.output<typeof AgentUpdate>;

/**
 * One warning for each field of an agent that has no effect.
 * @param model What the agent calls, which a change needn't name.
 */
export function agentWarnings(body: AgentCreate | AgentUpdate, model: string): string[] {
  return unsupportedWarnings(body, model === "shell" ? shellWarningTexts : warningTexts);
}

export const AgentBody = z.object({
  id: z.string(),
  userId: z.string(),
  projectId: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  model: z.string(),
  instructions: z.string().nullable(),
  binary: z.unknown(),
  reasoningEffort: z.enum(reasoningEfforts),
  enabledSkills: z.array(z.string()).nullable(),
  deepResearchModel: z.string().nullable(),
  isDefault: z.boolean(),
  isSystem: z.literal(false),
  isActive: z.literal(true),
  metadata: z.unknown(),
  createdAt: z.string(),
  updatedAt: z.string(),
  lastRunAt: z.string().nullable(),
});
