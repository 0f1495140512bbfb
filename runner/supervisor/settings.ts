/** The settings that the job gives to the supervisor. */
import { Fault } from "#shared/core/fault";
import { jobEnvironment } from "#shared/protocol/job";
import { type NetworkOverride, readTestNetwork } from "../egress/test-network.ts";

export interface SupervisorSettings {
  readonly executionId: string;
  readonly ticket: string;
  readonly gatewayUrl: string;
  /** Where models are called: `/internal/models/…` with the model token. */
  readonly modelGatewayUrl: string;
  readonly gatewayAudience: string;
  readonly metadataHost: string;
  readonly network: NetworkOverride;
}

/** @throws {Error} If one is missing. */
export function readSettings(
  environment: Readonly<Record<string, string | undefined>>,
): SupervisorSettings {
  const required = (name: string) => {
    const value = environment[name];
    if (value === undefined || value === "") throw new Fault(`${name} isn't set.`);
    return value;
  };
  return {
    executionId: required(jobEnvironment.executionId),
    ticket: required(jobEnvironment.ticket),
    gatewayUrl: required(jobEnvironment.gatewayUrl),
    modelGatewayUrl:
      environment[jobEnvironment.modelGatewayUrl] || required(jobEnvironment.gatewayUrl),
    gatewayAudience: required(jobEnvironment.gatewayAudience),
    metadataHost: environment.GCE_METADATA_HOST || "metadata.google.internal",
    network: {
      ...readTestNetwork(environment[jobEnvironment.testNetwork]),
      reachesServices: environment[jobEnvironment.ownProject] === "yes",
    },
  };
}
