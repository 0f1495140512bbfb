/** What executions of a time span come to. Pure. */

/** One execution, as far as statistics need it. */
export interface CountedRun {
  readonly status: "queued" | "running" | "success" | "failed" | "cancelled";
  readonly createdAt: number;
  readonly claimedAt: number | null;
  readonly endedAt: number | null;
}

export interface RunStatistics {
  readonly total: number;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  /** Percentage of the executions that have ended; null if none has. */
  readonly successRate: number | null;
  readonly p50RuntimeMs: number | null;
  readonly p95RuntimeMs: number | null;
  readonly avgRuntimeMs: number | null;
  readonly totalRuntimeMs: number;
}

/** How long it ran; null until its end, and if it never began. */
export function runtimeMs({ claimedAt, endedAt }: CountedRun): number | null {
  return claimedAt === null || endedAt === null ? null : Math.max(0, endedAt - claimedAt);
}

export function runStatistics(runs: readonly CountedRun[]): RunStatistics {
  const count = (status: CountedRun["status"]) =>
    runs.filter((each) => each.status === status).length;
  const [completed, failed, cancelled] = [count("success"), count("failed"), count("cancelled")];
  const ended = completed + failed + cancelled;
  const times = runs.flatMap((each) => runtimeMs(each) ?? []).sort((a, b) => a - b);
  const totalRuntimeMs = times.reduce((sum, each) => sum + each, 0);
  return {
    total: runs.length,
    completed,
    failed,
    cancelled,
    successRate: ended === 0 ? null : Math.round((completed / ended) * 1_000) / 10,
    p50RuntimeMs: quantile(times, 0.5),
    p95RuntimeMs: quantile(times, 0.95),
    avgRuntimeMs: times.length === 0 ? null : Math.round(totalRuntimeMs / times.length),
    totalRuntimeMs,
  };
}

/** The smallest time that at least this share of the times doesn't exceed (nearest rank). */
function quantile(sorted: readonly number[], share: number): number | null {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? null;
}
