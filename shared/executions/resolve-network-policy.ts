import { type NetworkInput, requestedNetwork } from "../contract/network.ts";
import { isWithinNetwork, type Reach } from "../core/network/network-policy.ts";
import { ApiError } from "../errors/api-error.ts";
import { defaultEgressLimits } from "../protocol/runner.ts";
import type { Environment } from "../store/environments.ts";
import type { Execution } from "../store/executions.ts";

/** What executions of an environment may reach. */
export function environmentReach({ network, networkAllow }: Environment): Reach {
  return { mode: network, allow: networkAllow };
}

/**
 * Fixes what an execution may reach: its environment's network, or the part of it that its message
 * asks for. The job runs in a network of the same mode, so a closed one is closed below the proxy
 * too.
 *
 * @throws {ApiError} `NETWORK_NOT_ALLOWED` if a message names a host that its environment doesn't
 * allow.
 */
export function resolveNetworkPolicy(
  environment: Environment,
  message: { readonly internetAccess: boolean | null; readonly network: NetworkInput | null },
): Execution["network"] {
  const most = environmentReach(environment);
  const { internetAccess, network } = message;
  const frozen = ({ mode, allow }: Reach) => ({
    mode,
    allow: [...allow],
    limits: defaultEgressLimits,
    job: mode,
  });
  if (network === null)
    return frozen(internetAccess === false ? { mode: "none", allow: [] } : most);
  const asked = requestedNetwork({ network }, most) ?? most;
  if (!isWithinNetwork(asked, most)) throw new ApiError("NETWORK_NOT_ALLOWED");
  return frozen(asked);
}
