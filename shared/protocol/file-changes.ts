/** The most changed files that a runner reports. */
export const changesMax = 100;
