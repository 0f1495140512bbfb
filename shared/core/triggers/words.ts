/** Where a trigger's events come from. All of them arrive as signed webhooks. */
export const triggerSources = ["github", "gitlab", "slack", "webhook", "custom"] as const;
