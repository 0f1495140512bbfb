import { buildScript } from "../core/layers/build-script.ts";
import { layerHash, layerVariables } from "../core/layers/layer.ts";
import { publicRegistries } from "../core/layers/registries.ts";
import { defaultEgressLimits } from "../protocol/runner.ts";
import type { Environment } from "../store/environments.ts";
import type { Execution } from "../store/executions.ts";

/** The share of a workspace's room that a layer may take. */
const layerShare = 1 / 2;

/**
 * Makes an execution one that builds a layer: it begins with nothing, reaches the package
 * registries alone, and is given neither files nor variables nor secrets of its environment.
 */
export function asBuild(
  execution: Execution,
  environment: Environment,
  { isTest }: { readonly isTest: boolean },
): Execution {
  const { limits } = execution;
  const allow = publicRegistries.hosts.map(({ host, port }) => ({ host, port }));
  return {
    ...execution,
    task: { ...execution.task, instructions: null, content: buildScript(environment) },
    network: { mode: "allowlist", allow, limits: defaultEgressLimits, job: "allowlist" },
    limits: { ...limits, workspaceBytes: Math.floor(limits.workspaceBytes * layerShare) },
    environmentVariables: [],
    secretKeys: [],
    sealedSecrets: [],
    setupScripts: [],
    build: { hash: layerHash(environment), isTest, variables: layerVariables(environment) },
    layer: null,
    keepsChanges: false,
    baseManifestSha256: null,
    basePreviousManifestSha256: null,
  };
}
