import * as z from "zod";
import { fromJsonText, iso, isoOrNull, usd } from "../contract/common.ts";
import type { EnvironmentBody } from "../contract/environment.ts";
import { networkBody } from "../contract/network.ts";
import { profileResources } from "../core/executions/profiles.ts";
import { computeCostMicrousd } from "../core/money/pricing.ts";
import { withoutUser } from "../core/network/outgoing-address.ts";
import type { Environment } from "../store/environments.ts";
import { projectOf } from "./project-of.ts";

const StoredServers = z.array(z.looseObject({ url: z.string().optional() }));

/** What an environment's own document doesn't say. */
interface Around {
  readonly ownerId: string;
  readonly isBusy: boolean;
  readonly build: {
    readonly status: z.input<typeof EnvironmentBody>["buildStatus"];
    readonly error: string | null;
    readonly hash: string | null;
    readonly imageTag: string | null;
    readonly builtAt: number | null;
  };
}

/** An environment as the API shows it; secrets appear by name only. */
export function environmentBody(
  environment: Environment,
  { ownerId, isBusy, build }: Around,
): z.input<typeof EnvironmentBody> {
  const {
    v: _v,
    profile,
    secretKeys,
    workspace: _workspace,
    sealingPublicKey: _key,
    build: _build,
    layers: _layers,
    snapshotIds: _snapshotIds,
    ...rest
  } = environment;
  const { network, networkAllow, mcpServersJson, metadataJson, ...same } = rest;
  const resources = profileResources[profile];
  return {
    ...same,
    userId: ownerId,
    projectId: projectOf(ownerId),
    status: statusOf(build.status, isBusy),
    baseImage: null,
    secrets: secretKeys.map((key) => ({ key, value: "", hasValue: true })),
    mcpServers: shownServers(mcpServersJson),
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
    buildStatus: build.status,
    buildError: build.error,
    buildHash: build.hash,
    imageTag: build.imageTag,
    lastBuildAt: isoOrNull(build.builtAt),
    createdAt: iso(environment.createdAt),
    updatedAt: iso(environment.updatedAt),
  };
}

/** The MCP servers, whose addresses may be from earlier releases. */
function shownServers(mcpServersJson: string): unknown {
  return StoredServers.parse(fromJsonText(mcpServersJson)).map(({ url, ...server }) => ({
    ...server,
    ...(url === undefined ? {} : { url: withoutUser(url) }),
  }));
}

function statusOf(build: Around["build"]["status"], isBusy: boolean) {
  if (build === "building") return build;
  return isBusy ? ("running" as const) : ("stopped" as const);
}
