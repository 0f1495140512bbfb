import { schedulerMarginSeconds } from "#shared/core/limits/longest-call";
import type { FunctionManifest } from "../functions/manifest.ts";
import type { OwnJob } from "../scheduler/server.ts";
import { accounts, audiences, projectId, region } from "./names.ts";
import type { LocalCloudOptions } from "./options.ts";

/** Longer intervals don't matter to anyone who waits. */
const sweepMsMax = 60_000;

/**
 * The scheduler's jobs, from what the routes declare.
 *
 * @param sweepEveryMs Replaces the sweeps' interval, and leaves out all other jobs, for tests that
 * count calls.
 * @param unscheduled What has no job: functions, or single routes such as `maintenance/shreds`.
 * @throws {Error} if one of them would have none anyway.
 */
export function maintenanceJobs(
  { functions }: FunctionManifest,
  {
    urlOf,
    sweepEveryMs,
    unscheduled = [],
  }: Pick<LocalCloudOptions, "sweepEveryMs" | "unscheduled"> & { urlOf(name: string): string },
): OwnJob[] {
  const all = Object.entries(functions).flatMap(([name, { routes, limits }]) =>
    routes.flatMap(({ method, path, everyMs }) => {
      const work = path.split("/").at(-1);
      const attemptDeadlineMs = (limits.timeoutSeconds + schedulerMarginSeconds) * 1_000;
      return everyMs === null ? [] : [{ name, work, method, path, everyMs, attemptDeadlineMs }];
    }),
  );
  const withJobs = new Set(all.flatMap(({ name, work }) => [name, `${name}/${work}`]));
  // A function that this cloud doesn't start needs no job.
  const isStarted = (name: string) => functions[name.split("/")[0] ?? ""] !== undefined;
  const unknown = unscheduled.filter((name) => isStarted(name) && !withJobs.has(name));
  if (unknown.length > 0) throw new Error(`Nothing is scheduled as ${unknown.join(", ")}.`);
  return all.flatMap(({ name, work, method, path, everyMs, attemptDeadlineMs }) => {
    if (unscheduled.includes(name) || unscheduled.includes(`${name}/${work}`)) return [];
    if (sweepEveryMs !== undefined && everyMs >= sweepMsMax) return [];
    return {
      name: `projects/${projectId}/locations/${region}/jobs/${name}-${work}`,
      attemptDeadlineMs,
      schedule: { everyMs: sweepEveryMs ?? everyMs },
      target: {
        uri: `${urlOf(name)}${path}`,
        method,
        headers: {},
        bodyBase64: "",
        oidc: { email: accounts.scheduler, audience: audiences.maintenance },
      },
    };
  });
}
