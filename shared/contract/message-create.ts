import * as z from "zod";
import { reasoningEfforts } from "../store/agents.ts";
import { McpServer } from "./environment.ts";
import { agrees, NetworkInput } from "./network.ts";
import { SecretKey, SecretValue, secretsMax } from "./secret.ts";

/** A script and its answer are documents of at most 1 MiB together. */
const contentMax = 200_000;

/** Fields that other models would read are checked and have no effect on `shell`. */
export const MessageCreate = z
  .object({
    content: z.string().min(1).max(contentMax).optional(),
    /** What older clients call the content. */
    task: z.string().min(1).max(contentMax).optional(),
    envVars: z.record(SecretKey, z.string().max(65_536)).default({}),
    secrets: z
      .array(z.object({ key: SecretKey, value: SecretValue }))
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
    /** May only restrict what the environment allows. */
    internetAccess: z.boolean().nullish(),
    network: NetworkInput.optional(),
    mcpServers: z.array(McpServer).max(50).default([]),
  })
  .refine(({ content, task }) => content !== undefined || task !== undefined, {
    path: ["content"],
    message: "content is required",
  })
  .refine(agrees, {
    path: ["network"],
    message: "network and internetAccess contradict each other; send one of them",
  });
export type MessageCreate = z.output<typeof MessageCreate>;
