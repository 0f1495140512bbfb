/** How long each step of an execution may take before a sweep looks after it. Milliseconds. */

/** From the commit to the job's name: a dispatch usually takes well under a second. */
export const dispatchDeadlineMs = 10_000;
/** From the job's start to the claim: a cold container takes seconds, a bad day minutes. */
export const claimDeadlineMs = 4 * 60_000;
/** How long an execution may wait to be claimed before it is given up, unpaid. */
export const queuedMsMax = 60 * 60_000;
export const heartbeatIntervalMs = 30_000;
/** Two heartbeats may be lost. */
export const leaseMs = 90_000;
/** What the runner has beside the command: fetching and saving the workspace, settling. */
export const overheadMs = 15 * 60_000;
/** A stream ends here and is resumed; platform limits stand behind both. */
export const streamMsMax = 15 * 60_000;
export const streamBytesMax = 8 * 1024 * 1024;
/** Events are sent this often while somebody reads along, and else once a second. */
export const readFlushMs = 100;
export const unreadFlushMs = 1_000;
