/** What starts executions: a request of a client, or what acts without one. */
export const executionSources = ["api", "schedule", "trigger", "orchestration"] as const;
export type ExecutionSource = (typeof executionSources)[number];
