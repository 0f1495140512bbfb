import { layerHash, layerVariables, needsLayer } from "../core/layers/layer.ts";
import { fittingLayers } from "../store/document-room.ts";
import { type Environment, type Layer, layersMax } from "../store/environments.ts";

/**
 * The layer that an environment's executions find. While a changed configuration isn't built, that
 * is the one before, as with an image; a configuration that needs none has none. The variables are
 * those of this release where the configuration tells them: a layer stays for years, and what an
 * earlier release stored with it doesn't have the folders where programs are found now.
 */
export function layerOf(environment: Environment): Layer | null {
  if (!needsLayer(environment)) return null;
  const built = builtLayer(environment);
  if (built) return { ...built, variables: layerVariables(environment) };
  return environment.layers[0] ?? null;
}

/** The layer of the environment's configuration as it is now; null if that isn't built. */
export function builtLayer(environment: Environment): Layer | null {
  const hash = layerHash(environment);
  return environment.layers.find((layer) => layer.hash === hash) ?? null;
}

/** The environment's layers with one that was just built or found, which is the newest. */
export function withLayer(environment: Environment, layer: Layer): Layer[] {
  const others = environment.layers.filter(({ hash }) => hash !== layer.hash);
  return fittingLayers(environment, [layer, ...others].slice(0, layersMax));
}
