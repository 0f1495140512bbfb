export const strategies = ["parallel", "sequential", "conditional", "map_reduce"] as const;
export type Strategy = (typeof strategies)[number];

export const orchestrationStatuses = ["draft", "active", "archived"] as const;
export const runStatuses = ["pending", "running", "completed", "failed"] as const;
export const stepStatuses = [...runStatuses, "skipped"] as const;
export type StepStatus = (typeof stepStatuses)[number];

export const stepsMax = 20;
/** The most executions of one run; `map_reduce` multiplies steps by items. */
export const runExecutionsMax = 50;
/** A run that hasn't ended by then fails, and what it holds is free again. */
export const runMsMax = 24 * 60 * 60_000;
