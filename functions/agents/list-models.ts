import * as z from "zod";
import { noParams, noQuery, ok } from "#shared/contract/common";
import { offeredModels } from "#shared/executions/models";
import { query } from "#shared/pipeline/route";

const Model = z.object({
  id: z.string(),
  label: z.string(),
  description: z.string(),
  intelligence: z.string(),
  contextWindow: z.string(),
  speed: z.string(),
  source: z.literal("managed"),
  providerType: z.null(),
  requiredTier: z.string(),
  locked: z.literal(false),
});

/**
 * A description of each model for users, in the public API's form, which assumes language models.
 */
const described: Readonly<Record<(typeof offeredModels)[number], string>> = {
  shell: "Runs the message as a shell script; what it prints is the answer.",
};

export const listModels = query({
  endpoint: "GET /v1/agents/models",
  summary: "The models that this deployment offers.",
  authenticate: "api-key",
  scope: "agents:read",
  params: noParams,
  query: noQuery,
  body: "none",
  bodyBytesMax: 0,
  requestClass: "reads",
  reply: { 200: z.object({ tier: z.string(), models: z.array(Model) }) },
  read: "nothing",
  answer() {
    const models = offeredModels.map((id) => ({
      id,
      label: id,
      description: described[id],
      intelligence: "none",
      contextWindow: "none",
      speed: "fast",
      source: "managed" as const,
      providerType: null,
      requiredTier: "self_hosted",
      locked: false as const,
    }));
    return ok({ tier: "self_hosted", models });
  },
});
