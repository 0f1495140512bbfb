/** What runs in an environment, and what ran there lately. */

import * as z from "zod";
import { iso, isoOrNull, ok } from "#shared/contract/common";
import { EnvironmentAnalytics, EnvironmentStatus } from "#shared/contract/environment-state";
import { runStatistics, runtimeMs } from "#shared/core/executions/run-statistics";
import { idSchema } from "#shared/core/ids";
import { hourMs } from "#shared/core/retention/periods";
import { readBuilds, stateOf } from "#shared/environments/shown-environments";
import { allInOrder } from "#shared/errors/all-in-order";
import { threadTitles } from "#shared/executions/thread-titles";
import { environmentRead } from "#shared/pipeline/environment-read";
import { query } from "#shared/pipeline/route";
import { environments } from "#shared/store/environments";
import { Execution, executions, hasEnded } from "#shared/store/executions";

const params = z.object({ environmentId: idSchema("environment") });
const Run = Execution.pick({
  id: true,
  threadId: true,
  status: true,
  createdAt: true,
  claimedAt: true,
  endedAt: true,
});
type Run = z.output<typeof Run>;

/** More than an owner can have unfinished. */
const unfinishedMax = 1_000;

export const getEnvironmentStatus = query({
  endpoint: "GET /v1/environments/:environmentId/status",
  summary: "Whether something runs in the environment, since when, and how much has run there.",
  ...environmentRead,
  params,
  reply: { 200: EnvironmentStatus },
  read: async ({ caller: { owner }, params: { environmentId }, deps: { store } }) => {
    const here = ["environmentId", environmentId] as const;
    const all = executions.all(owner);
    const running = (["queued", "running"] as const).map((status) =>
      store.findParts(all, Run, {
        where: [here, ["status", status]],
        orderBy: [],
        limit: unfinishedMax,
      }),
    );
    const [{ value }, newest, { count }, unfinished] = await allInOrder([
      store.require(environments.of(owner, environmentId)),
      store.findParts(all, Run, { where: [here], orderBy: [["createdAt", "desc"]], limit: 1 }),
      store.sum(all, { where: [here], fields: [] }),
      allInOrder(running),
    ]);
    const state = stateOf(value, { builds: await readBuilds(store, owner, [value]) });
    return { state, newest: newest[0], count, unfinished: unfinished.flat() };
  },
  answer({ data: { state, newest, count, unfinished }, now }) {
    const oldest = unfinished.toSorted((a, b) => a.createdAt - b.createdAt)[0];
    const startedAt = oldest && (oldest.claimedAt ?? oldest.createdAt);
    const busy = oldest === undefined ? ("stopped" as const) : ("running" as const);
    return ok({
      status: state.status === "building" ? ("building" as const) : busy,
      uptime: startedAt === undefined ? null : Math.max(0, now - startedAt) / 1_000,
      containerId: oldest?.id ?? null,
      startedAt: isoOrNull(startedAt ?? null),
      lastUsedAt: isoOrNull(newest?.createdAt ?? null),
      executionCount: count,
      message: state.error,
    });
  },
});

/** The most executions of a day that are counted. */
const runsMax = 2_000;
const recentMax = 10;
const hours = 24;

export const getEnvironmentAnalytics = query({
  endpoint: "GET /v1/environments/:environmentId/analytics",
  summary: "The environment's executions of the last 24 hours, in all and by the hour.",
  ...environmentRead,
  params,
  reply: { 200: EnvironmentAnalytics },
  read: async ({ caller, params: { environmentId }, deps: { store }, now }) => {
    const { owner } = caller;
    const [, runs] = await allInOrder([
      store.require(environments.of(owner, environmentId)),
      store.findParts(executions.all(owner), Run, {
        where: [["environmentId", environmentId]],
        between: { field: "createdAt", from: firstHour(now), to: undefined },
        orderBy: [["createdAt", "desc"]],
        limit: runsMax + 1,
      }),
    ]);
    const recent = runs.slice(0, recentMax);
    const ids = recent.map(({ threadId }) => threadId);
    const titles = await threadTitles(store, caller, ids);
    return { runs, recent, titles };
  },
  answer({ params: { environmentId }, data: { runs, recent, titles }, now }) {
    const counted = runs.slice(0, runsMax);
    const buckets = byHour(counted, now);
    const all = runStatistics(counted);
    return ok({
      environmentId,
      available: true,
      summary: {
        totalRuns24h: all.total,
        successRate24h: all.successRate,
        failedRuns24h: all.failed,
        cancelledRuns24h: all.cancelled,
        p50RuntimeMs: all.p50RuntimeMs,
        p95RuntimeMs: all.p95RuntimeMs,
        avgRuntimeMs: all.avgRuntimeMs,
        totalRuntimeMinutes24h: Math.round(all.totalRuntimeMs / 600) / 100,
        lastRunAt: isoOrNull(counted[0]?.createdAt ?? null),
      },
      charts: { activity24h: buckets, status24h: buckets },
      recentRuns: recent.map((run) => ({
        id: run.id,
        title: titles.get(run.threadId) ?? "Untitled",
        status: hasEnded(run) && run.status === "success" ? "completed" : run.status,
        timestampMs: run.createdAt,
        timestamp: iso(run.createdAt),
        durationMs: runtimeMs(run),
      })),
      complete: runs.length <= runsMax,
    });
  },
});

/** The beginning of the oldest of the last 24 hours, of which the current one is the last. */
function firstHour(now: number): number {
  return (Math.floor(now / hourMs) - hours + 1) * hourMs;
}

function byHour(runs: readonly Run[], now: number) {
  const first = firstHour(now);
  return Array.from({ length: hours }, (_, index) => {
    const startsAt = first + index * hourMs;
    const within = runs.filter(
      ({ createdAt }) => createdAt >= startsAt && createdAt < startsAt + hourMs,
    );
    const { total, completed, failed, cancelled, successRate, p95RuntimeMs } =
      runStatistics(within);
    const bucketStart = iso(startsAt);
    const label = bucketStart.slice(11, 16);
    return { bucketStart, label, total, completed, failed, cancelled, successRate, p95RuntimeMs };
  });
}
