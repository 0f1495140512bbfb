/** The values of schedules' fields, apart from what computes with them. */

export const scheduleTypes = ["one-time", "recurring"] as const;

/** What happens to times that were missed: the last one runs late, or none does. */
export const missedRunPolicies = ["run", "skip"] as const;
export type MissedRunPolicy = (typeof missedRunPolicies)[number];

/**
 * Why a schedule or a trigger was paused: the budget refused, the key that it acts with has ended,
 * its environment or agent is gone, or its start was refused otherwise.
 */
export const pauseReasons = ["budget", "key", "environment", "agent", "refused"] as const;
export type PauseReason = (typeof pauseReasons)[number];
