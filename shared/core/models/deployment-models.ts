/** Which models a deployment offers, and where they are called. */
import * as z from "zod";
import { outgoingAddress } from "../network/outgoing-address.ts";
import { catalogue } from "./catalogue.ts";
import type { WireProtocol } from "./model.ts";
import { ModelFacts as Facts, type ModelFacts, providerModelId, providerName } from "./model.ts";

/** Paths are put at its end, so it has no query. */
const address = outgoingAddress({ schemes: "https or http", query: "refused" }).max(300);

/** A provider of the catalogue; its key is in the secret `provider-keys`, under the same name. */
const KnownProvider = z.strictObject({
  /** Another address of the same API, such as a company's proxy. */
  baseUrl: address.optional(),
});

/** A server that speaks Chat Completions, such as Ollama or vLLM, with prices of its own. */
const CompatibleProvider = z.strictObject({
  baseUrl: address,
  /** Whether the secret `provider-keys` has a key for it. */
  hasKey: z.boolean().default(false),
  models: z.array(Facts.extend({ id: providerModelId })).max(200),
});

/** What `PADDOCK_MODELS` states. */
export const DeploymentModels = z.strictObject({
  /** The model of agents that name none. */
  default: z.string().max(300).default("shell"),
  aliases: z.record(z.string().min(1).max(100), z.string().max(300)).default({}),
  providers: z
    .strictObject({
      anthropic: KnownProvider.optional(),
      openai: KnownProvider.optional(),
      google: KnownProvider.optional(),
    })
    .default({}),
  compatible: z.record(providerName, CompatibleProvider).default({}),
});
export type DeploymentModels = z.infer<typeof DeploymentModels>;

/** A model that can be called. */
export interface ConfiguredModel extends ModelFacts {
  readonly id: string;
  readonly provider: string;
  readonly isExternal: boolean;
  readonly protocols: readonly WireProtocol[];
  /** The name that the provider knows. */
  readonly providerModelId: string;
  /** It has no slash at its end. */
  readonly baseUrl: string;
  readonly needsKey: boolean;
}

const baseUrls = {
  anthropic: "https://api.anthropic.com",
  openai: "https://api.openai.com",
  google: "https://generativelanguage.googleapis.com",
} as const;

/** Why a model can't be called. */
export type MissingModel =
  | { readonly type: "unknown" }
  /** The catalogue has it, but the deployment has no key for its provider. */
  | { readonly type: "no-provider"; readonly provider: string };

/** Every model that the deployment can call. */
export function configuredModels(deployment: DeploymentModels): readonly ConfiguredModel[] {
  const known = catalogue().models.flatMap((model): ConfiguredModel[] => {
    const stated = deployment.providers[model.provider];
    if (!stated) return [];
    const baseUrl = withoutSlash(stated.baseUrl ?? baseUrls[model.provider]);
    const place = { isExternal: false, providerModelId: model.id, baseUrl, needsKey: true };
    return [{ ...model, ...place }];
  });
  const compatible = Object.entries(deployment.compatible).flatMap(([provider, stated]) =>
    stated.models.map(({ id, ...facts }): ConfiguredModel => {
      const place = { isExternal: true, providerModelId: id, needsKey: stated.hasKey };
      return {
        ...{ ...facts, ...place, provider, protocols: ["openai-chat"] },
        id: `external:${provider}:${encodeURIComponent(id)}`,
        // Their own pages give the address with the version, ours goes on from the root.
        baseUrl: withoutSlash(stated.baseUrl).replace(/\/v1$/, ""),
      };
    }),
  );
  return [...known, ...compatible];
}

function withoutSlash(url: string): string {
  return url.endsWith("/") ? url.slice(0, -1) : url;
}

/** Finds a model by its id, an alias of the deployment, or an alias of the catalogue. */
export function findModel(
  deployment: DeploymentModels,
  name: string,
): ConfiguredModel | MissingModel {
  const { aliases, models } = catalogue();
  const own = Object.hasOwn(deployment.aliases, name) ? deployment.aliases[name] : undefined;
  const stated = own ?? name;
  const id = Object.hasOwn(aliases, stated) ? (aliases[stated] ?? stated) : stated;
  const found = configuredModels(deployment).find((model) => model.id === id);
  if (found) return found;
  const known = models.find((model) => model.id === id);
  return known ? { type: "no-provider", provider: known.provider } : { type: "unknown" };
}
