import { keyVariables } from "#shared/core/models/key-variables";
import { readJsonObject } from "./json-file.ts";

/**
 * The models of a local cloud: those of each provider whose key is in the environment, unless a
 * file in the form of `PADDOCK_MODELS` says otherwise. Other keys come from `PADDOCK_KEY_{NAME}`.
 */
export async function localModels(
  environment: Readonly<Record<string, string | undefined>>,
  file: string | undefined,
): Promise<{ readonly models: object; readonly providerKeys: Readonly<Record<string, string>> }> {
  const found = Object.entries(keyVariables).flatMap(([provider, variable]) => {
    const key = environment[variable];
    return key ? [[provider, key] as const] : [];
  });
  const others = Object.entries(environment).flatMap(([name, key]) => {
    const provider = /^PADDOCK_KEY_([A-Z0-9_]+)$/.exec(name)?.[1];
    return provider && key ? [[provider.toLowerCase().replaceAll("_", "-"), key] as const] : [];
  });
  const providers = Object.fromEntries(found.map(([provider]) => [provider, {}]));
  const models = file === undefined ? { providers } : await readJsonObject("--models", file);
  return { models, providerKeys: Object.fromEntries([...found, ...others]) };
}
