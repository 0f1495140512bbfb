/** Cloud Scheduler waits for no answer longer than this (`attempt_deadline`). */
export const schedulerWaitSecondsMax = 1_800;

/** What the scheduler waits beyond a function's own time, so that the function ends first. */
export const schedulerMarginSeconds = 10;

/**
 * No call of any function takes longer: the platform ends it. A deleted account is erased only
 * after that time, so nothing that began before the deletion can still write for it.
 */
export const longestCallSeconds = schedulerWaitSecondsMax - schedulerMarginSeconds;
