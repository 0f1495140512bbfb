/** Every deadline of an execution. Those that a sweep or a lease keeps are the deployment's. */
import { deploymentLimits } from "../config.ts";
import type { DeploymentLimits } from "../core/limits/deployment-limits.ts";

export function timing(): DeploymentLimits["timing"] {
  return deploymentLimits().timing;
}

export function slices(): DeploymentLimits["slices"] {
  return deploymentLimits().slices;
}

/** What the runner has beside the command: fetching and saving the workspace, settling. */
export const overheadMs = 15 * 60_000;
/** How often a reader looks whether an execution still lives, should a listener have gone deaf. */
export const lookMs = 30_000;
/** How long one reader counts, and from when on the next look counts it again: once a minute. */
export const readerMs = 120_000;
export const readerRenewMs = 75_000;

/** Events are sent this often while somebody reads along, and else once a second. */
export function flushIntervalMs(readerUntil: number, now: number): number {
  return readerUntil > now ? 100 : 1_000;
}
