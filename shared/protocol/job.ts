/** How a Cloud Run job learns what to run. Project viewers can see overrides. */

/** Environment variables of the job; the first two are overridden for each execution. */
export const jobEnvironment = {
  executionId: "PADDOCK_EXECUTION_ID",
  /** Single-use and short-lived: see `shared/core/executions/ticket.ts`. */
  ticket: "PADDOCK_TICKET",
  gatewayUrl: "PADDOCK_GATEWAY_URL",
  /** Where models are called; the gateway's own address unless it is set. */
  modelGatewayUrl: "PADDOCK_MODEL_GATEWAY_URL",
  /** The audience of the ID token that the runner asks its metadata server for. */
  gatewayAudience: "PADDOCK_GATEWAY_AUDIENCE",
  /** `yes` where executions have a project of their own; it opens Cloud Run's services to them. */
  ownProject: "PADDOCK_OWN_PROJECT",
  /** Another network for tests; refused in Google Cloud. */
  testNetwork: "PADDOCK_EGRESS_TEST",
} as const;

/** How long a ticket may wait for its runner to start. */
export const ticketLifetimeMs = 10 * 60_000;
/**
 * How long a runner goes on claiming, its identity token included, before its ticket is over. With
 * Direct VPC egress, its network is reported to take a minute and more to connect (docs/deploy.md).
 */
export const claimingMsMax = ticketLifetimeMs - 30_000;

export const profiles = ["lite", "standard", "power", "desktop"] as const;
export type Profile = (typeof profiles)[number];

export const networkModes = ["none", "allowlist", "internet"] as const;
export type NetworkMode = (typeof networkModes)[number];

/** Sizes of containers. `desktop` is a name of the public API for what `power` is here. */
export const jobSizes = ["lite", "standard", "power"] as const satisfies readonly Profile[];
type JobSize = (typeof jobSizes)[number];

const sizeOf: Readonly<Record<Profile, JobSize>> = {
  lite: "lite",
  standard: "standard",
  power: "power",
  desktop: "power",
};

/** There is one job per size and network class, because RunJob can override neither. */
export function jobName(profile: Profile, network: NetworkMode): string {
  return `runner-${sizeOf[profile]}-${network}`;
}
