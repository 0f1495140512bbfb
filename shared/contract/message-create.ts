import * as z from "zod";
import { fitsVariable, variableTooLong } from "../core/executions/variable-size.ts";
import { reasoningEfforts } from "../protocol/language-model.ts";
import { McpServers } from "./environment.ts";
import { exactObject } from "./exact.ts";
import { agrees, contradiction, NetworkInput } from "./network.ts";
import { SecretKey, SecretValue, secretsMax } from "./secret.ts";
import {
  ignoredField,
  noWarning,
  sameByBothNames,
  unsupported,
  unsupportedWarnings,
  type WarningTexts,
} from "./unsupported.ts";

/** A script and its answer share one document of at most 1 MiB. */
export const contentMax = 200_000;

/** These are refused: ignoring one would do something else than the client asked for. */
const refusedFields = {
  attachments: unsupported("isn't supported: upload files to the environment, and name them"),
  githubRepo: unsupported("isn't supported: clone the repository in a set-up script"),
};

/** A message's secret goes into the sandbox, so it can't be bound to hosts. */
const unbound = unsupported("can't bind a message's secret: store it in the environment, bound");

const ignoredFields = {
  runId: ignoredField,
  researchModeEnabled: ignoredField,
  quotedSelection: ignoredField,
};

function requireFitting(variables: Readonly<Record<string, string>>, check: z.RefinementCtx): void {
  for (const [name, value] of Object.entries(variables)) {
    if (fitsVariable(name, value)) continue;
    check.addIssue({ code: "custom", path: [name], message: variableTooLong });
  }
}

/** Fields that other models would read are checked, and have no effect on `shell`. */
export const MessageCreate = z
  .object({
    content: z.string().min(1).max(contentMax).optional(),
    /** Older clients call the content `task`. */
    task: z.string().min(1).max(contentMax).optional(),
    /** The thread's own, if they are named at all. */
    agentId: z.string().max(100).nullish(),
    environmentId: z.string().max(100).nullish(),
    envVars: z.record(SecretKey, z.string().max(65_536)).superRefine(requireFitting).default({}),
    secrets: z
      .array(exactObject({ key: SecretKey, value: SecretValue, hosts: unbound, headers: unbound }))
      .max(secretsMax)
      .default([]),
    setupScripts: z.array(z.string().max(50_000)).max(50).default([]),
    agentConfig: z
      .object({
        model: z.string().min(1).max(200).optional(),
        instructions: z.string().max(100_000).optional(),
        reasoningEffort: z.enum(reasoningEfforts).optional(),
      })
      .default({}),
    /** A message may only restrict what the environment allows. */
    internetAccess: z.boolean().nullish(),
    network: NetworkInput.optional(),
    mcpServers: McpServers.default([]),
    /** For this execution, instead of the agent's: ids or names. */
    enabledSkills: z.array(z.string().max(100)).max(100).nullish(),
    /** False asks for one JSON answer at the end, instead of a stream. */
    stream: z.boolean().optional(),
    /** The messages from this index on are deleted first. */
    truncateAtMessageIndex: z.int().min(0).nullish(),
    /** A message of the user that this one replaces: it and all after it are deleted first. */
    editMessageId: z.string().max(100).nullish(),
    /** Whether the workspace keeps what the execution changes; true by default. */
    persistFileChanges: z.boolean().optional(),
    ...refusedFields,
    ...ignoredFields,
  })
  .refine(({ content, task }) => content !== undefined || task !== undefined, {
    path: ["content"],
    message: "is required",
  })
  .refine(...sameByBothNames("content", "task"))
  .refine(
    ({ truncateAtMessageIndex: index = null, editMessageId: id = null }) =>
      index === null || id === null,
    {
      path: ["editMessageId"],
      message: "can't be combined with truncateAtMessageIndex: send one of the two",
    },
  )
  .refine(agrees, contradiction);
export type MessageCreate = z.output<typeof MessageCreate>;

const warningTexts: WarningTexts<MessageCreate> = {
  content: noWarning,
  task: noWarning,
  agentId: noWarning,
  environmentId: noWarning,
  envVars: noWarning,
  secrets: noWarning,
  setupScripts: noWarning,
  agentConfig: noWarning,
  internetAccess: noWarning,
  network: noWarning,
  attachments: noWarning,
  githubRepo: noWarning,
  truncateAtMessageIndex: noWarning,
  editMessageId: noWarning,
  persistFileChanges: noWarning,
  stream: noWarning,
  runId: "is ignored: the stream names the execution's own id",
  enabledSkills: noWarning,
  researchModeEnabled: "is ignored: the model can't research",
  quotedSelection: "is ignored: the model reads the content alone",
  mcpServers: noWarning,
};
const shellWarningTexts: WarningTexts<MessageCreate["agentConfig"]> = {
  model: noWarning,
  instructions: "is ignored: the model runs the content as it is",
  reasoningEffort: "is ignored: the model doesn't reason",
};

const ignoredByShell: WarningTexts<Pick<MessageCreate, "mcpServers" | "enabledSkills">> = {
  enabledSkills: "is ignored: the model runs the content as it is",
  mcpServers: "is ignored: the model runs the content as it is",
};

/** One warning for each field of a message that has no effect on its model. */
export function messageWarnings(body: MessageCreate, model: string): string[] {
  const isShell = model === "shell";
  const ofAgent = isShell ? unsupportedWarnings(body.agentConfig, shellWarningTexts) : [];
  return [
    ...unsupportedWarnings(body, warningTexts),
    ...(isShell ? unsupportedWarnings(body, ignoredByShell) : []),
    ...ofAgent.map((text) => `agentConfig.${text}`),
  ];
}
