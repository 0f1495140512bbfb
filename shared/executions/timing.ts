/** Every deadline of an execution. The deployment sets those that sweeps and leases enforce. */
import { deploymentLimits } from "../config.ts";
import type { DeploymentLimits } from "../core/limits/deployment-limits.ts";

export function timing(): DeploymentLimits["timing"] {
  return deploymentLimits().timing;
}

export function slices(): DeploymentLimits["slices"] {
  return deploymentLimits().slices;
}

/**
 * The time that a runner may take in addition to its commands: for the workspace, and to settle.
 */
export const overheadMs = 15 * 60_000;
/** How often a reader checks that an execution is alive, in case its listener fails silently. */
export const readerCheckMs = 30_000;
/** How long a reader's mark lasts. It is renewed about once a minute. */
export const readerMs = 120_000;
export const readerRenewMs = 75_000;

/** How often events are sent: ten times a second while a client reads the stream, else once. */
export function flushIntervalMs(readerUntil: number, now: number): number {
  return readerUntil > now ? 100 : 1_000;
}
