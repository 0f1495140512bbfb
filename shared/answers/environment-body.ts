import type * as z from "zod";
import { fromJsonText, iso, usd } from "../contract/common.ts";
import type { EnvironmentBody } from "../contract/environment.ts";
import { networkBody } from "../contract/network.ts";
import { profileResources } from "../core/executions/profiles.ts";
import { computeCostMicrousd } from "../core/money/pricing.ts";
import type { Environment } from "../store/environments.ts";
import { projectOf } from "./project-of.ts";

/** An environment as the API shows it; secrets appear by name only. */
export function environmentBody(
  environment: Environment,
  { ownerId, isBusy }: { readonly ownerId: string; readonly isBusy: boolean },
): z.input<typeof EnvironmentBody> {
  const {
    v: _v,
    profile,
    secretKeys,
    workspace: _workspace,
    sealingPublicKey: _key,
    ...rest
  } = environment;
  const { network, networkAllow, mcpServersJson, metadataJson, ...same } = rest;
  const resources = profileResources[profile];
  return {
    ...same,
    userId: ownerId,
    projectId: projectOf(ownerId),
    status: isBusy ? "running" : "stopped",
    baseImage: null,
    secrets: secretKeys.map((key) => ({ key, value: "", hasValue: true })),
    mcpServers: fromJsonText(mcpServersJson),
    internetAccess: network !== "none",
    network: networkBody({ mode: network, allow: networkAllow }),
    isActive: true,
    computeProfile: profile,
    metadata: {
      ...(fromJsonText(metadataJson) as object),
      computeProfile: profile,
      computeResources: {
        cpuCores: resources.cpuMillis / 1_000,
        memoryMb: resources.memoryBytes / 1_048_576,
      },
      pricing: { minutePrice: usd(computeCostMicrousd(profile, 60_000)) },
      guiEnabled: profile === "desktop",
      officeAppsEnabled: false,
    },
    ...buildOf(environment),
    buildHash: null,
    imageTag: null,
    lastBuildAt: null,
    createdAt: iso(environment.createdAt),
    updatedAt: iso(environment.updatedAt),
  };
}

/** Nothing is built here: an environment that needs no build is ready, any other has failed. */
function buildOf(environment: Environment) {
  const { runtimes, packages, dockerfileExtensions } = environment;
  const needed = [
    ...(Object.keys(runtimes).length > 0 ? ["runtimes"] : []),
    ...(Object.values(packages).some((names) => names.length > 0) ? ["packages"] : []),
    ...(dockerfileExtensions ? ["dockerfileExtensions"] : []),
  ];
  if (needed.length === 0) return { buildStatus: "ready" as const, buildError: null };
  const buildError = `This deployment builds no images: ${needed.join(", ")} had no effect.`;
  return { buildStatus: "failed" as const, buildError };
}
