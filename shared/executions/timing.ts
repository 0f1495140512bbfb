/** Every deadline of an execution. Those that a sweep or a lease keeps are the deployment's. */
import { type DeploymentLimits, deploymentLimits } from "../config.ts";

export function timing(): DeploymentLimits["timing"] {
  return deploymentLimits().timing;
}

/** What the runner has beside the command: fetching and saving the workspace, settling. */
export const overheadMs = 15 * 60_000;
/** A stream ends here and is resumed; platform limits stand behind both. */
export const streamMsMax = 15 * 60_000;
export const streamBytesMax = 8 * 1024 * 1024;
/** Events are sent this often while somebody reads along, and else once a second. */
export const readFlushMs = 100;
export const unreadFlushMs = 1_000;
