import { deploymentModels } from "../config.ts";
import { configuredModels, findModel } from "../core/models/deployment-models.ts";
import { keyVariables } from "../core/models/key-variables.ts";
import { ApiError } from "../errors/api-error.ts";
import type { ModelEntry } from "../protocol/language-model.ts";

/** Runs commands: the message is a script, its output is the answer, compute time is billed. */
export const shellModel = "shell";

/** The model of agents and messages that name none. */
export function defaultModel(): string {
  return deploymentModels().default;
}

/**
 * What a runner must know of an execution's model; null for `shell`, and for a model that the
 * deployment has ceased to offer, which the runner then refuses to run.
 */
export function modelEntry(id: string): ModelEntry | null {
  if (id === shellModel) return null;
  const found = findModel(deploymentModels(), id);
  if (!("id" in found)) return null;
  const [wire] = found.protocols;
  if (wire === undefined) return null;
  const { contextTokens, outputTokensMax, tools, vision, reasoning } = found;
  return { id: found.id, wire, contextTokens, outputTokensMax, tools, vision, reasoning };
}

/** A warning about a model that is stored and that no message could use now. */
export function modelWarnings(name: string): string[] {
  if (name === shellModel || "id" in findModel(deploymentModels(), name)) return [];
  return [
    "model is kept, and this deployment doesn't offer it: messages to it are refused, and " +
      "GET /v1/agents/models lists what is offered.",
  ];
}

/** How many models a refusal names. */
const namedMax = 20;

/**
 * The id of the model that `name` stands for.
 * @throws {ApiError} `MODEL_NOT_OFFERED`, naming offered models, and what is missing to offer it.
 */
export function requireModel(name: string): string {
  if (name === shellModel) return name;
  const deployment = deploymentModels();
  const found = findModel(deployment, name);
  if ("id" in found) return found.id;
  const ids = [shellModel, ...configuredModels(deployment).map(({ id }) => id)];
  const offered = ids.slice(0, namedMax);
  const missing = found.type === "no-provider" ? ` ${howToOffer(found.provider)}` : "";
  const more = ids.length > namedMax ? " and others (GET /v1/agents/models)" : "";
  const message = `This deployment doesn't offer ${JSON.stringify(name)}; it offers ${offered.join(", ")}${more}.${missing}`;
  throw new ApiError("MODEL_NOT_OFFERED", { message, details: { offered } });
}

/** What to set, on a laptop and in a deployment. */
function howToOffer(provider: string): string {
  const variables: Readonly<Record<string, string>> = keyVariables;
  const variable = variables[provider];
  const laptop =
    variable === undefined ? "" : `set ${variable} before \`npm start\`; in the cloud, `;
  return `To offer it, ${laptop}put a key of ${provider} into the secret provider-keys and name ${provider} in PADDOCK_MODELS.`;
}
