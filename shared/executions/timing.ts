/** Every deadline of an execution. The deployment sets those that sweeps and leases enforce. */
import { deploymentLimits } from "../config.ts";
import type { DeploymentLimits } from "../core/limits/deployment-limits.ts";

export function timing(): DeploymentLimits["timing"] {
  return deploymentLimits().timing;
}

export function slices(): DeploymentLimits["slices"] {
  return deploymentLimits().slices;
}

/** The runner's time besides the command: fetching and saving the workspace, settling. */
export const overheadMs = 15 * 60_000;
/** How often a reader checks that an execution is alive, in case its listener fails silently. */
export const lookMs = 30_000;
/** How long a reader counts. The mark is renewed when half of that has passed: once a minute. */
export const readerMs = 120_000;
export const readerRenewMs = 75_000;

/** Events are sent this often while a client reads the stream, and once a second otherwise. */
export function flushIntervalMs(readerUntil: number, now: number): number {
  return readerUntil > now ? 100 : 1_000;
}
