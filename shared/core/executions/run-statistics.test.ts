import { expect, test } from "vitest";
import { type CountedRun, runStatistics } from "./run-statistics.ts";

const run = (status: CountedRun["status"], tookMs: number | null): CountedRun => ({
  status,
  createdAt: 0,
  claimedAt: tookMs === null ? null : 1_000,
  endedAt: tookMs === null ? null : 1_000 + tookMs,
});

test("runs that haven't ended count in the total alone, and quantiles are times that occurred", () => {
  const times = Array.from({ length: 20 }, (_, index) => run("success", (index + 1) * 10));
  const runs = [...times, run("failed", 500), run("cancelled", null), run("running", null)];
  expect(runStatistics(runs)).toEqual({
    total: 23,
    completed: 20,
    failed: 1,
    cancelled: 1,
    successRate: 90.9,
    p50RuntimeMs: 110,
    p95RuntimeMs: 200,
    avgRuntimeMs: 124,
    totalRuntimeMs: 2_600,
  });
  expect(runStatistics([])).toMatchObject({ total: 0, successRate: null, p95RuntimeMs: null });
});
