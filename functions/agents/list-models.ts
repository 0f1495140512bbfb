import * as z from "zod";
import { deploymentModels } from "#shared/config";
import { noParams, ok } from "#shared/contract/common";
import { type ConfiguredModel, configuredModels } from "#shared/core/models/deployment-models";
import { shellModel } from "#shared/executions/models";
import { ownedRead } from "#shared/pipeline/owned-route";
import { query } from "#shared/pipeline/route";

const Model = z.object({
  id: z.string(),
  label: z.string(),
  description: z.string(),
  intelligence: z.string(),
  contextWindow: z.string(),
  speed: z.string(),
  source: z.enum(["managed", "external"]),
  providerType: z.string().nullable(),
  requiredTier: z.string(),
  locked: z.literal(false),
});

/** The public API's form, which assumes language models. */
const shell: z.input<typeof Model> = {
  id: shellModel,
  label: shellModel,
  description: "Runs the message as a shell script; what it prints is the answer.",
  intelligence: "none",
  contextWindow: "none",
  speed: "fast",
  source: "managed",
  providerType: null,
  requiredTier: "self_hosted",
  locked: false,
};

export const listModels = query({
  endpoint: "GET /v1/agents/models",
  summary: "The models that this deployment offers.",
  ...ownedRead("agents:read"),
  params: noParams,
  reply: { 200: z.object({ tier: z.string(), models: z.array(Model) }) },
  read: "nothing",
  answer() {
    const models = [shell, ...configuredModels(deploymentModels()).map(modelBody)];
    return ok({ tier: "self_hosted", models });
  },
});

function modelBody(model: ConfiguredModel): z.input<typeof Model> {
  const [price] = model.prices;
  const perMillion = (microusd = 0) => `$${microusd / 1_000_000}`;
  const cost = `${perMillion(price?.input)} in, ${perMillion(price?.output)} out per million tokens`;
  return {
    id: model.id,
    label: model.label,
    description: `${model.vision ? "Reads text and images" : "Reads text"}; ${cost}.`,
    // Nobody has measured these here, and the public API wants a word.
    intelligence: model.reasoning ? "reasoning" : "standard",
    contextWindow: `${model.contextTokens}`,
    speed: "standard",
    source: model.isExternal ? "external" : "managed",
    providerType: model.provider,
    requiredTier: "self_hosted",
    locked: false,
  };
}
