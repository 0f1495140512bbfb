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
 * @param unscheduled Functions without jobs.
 */
export function maintenanceJobs(
  { functions }: FunctionManifest,
  {
    urlOf,
    sweepEveryMs,
    unscheduled = [],
  }: Pick<LocalCloudOptions, "sweepEveryMs" | "unscheduled"> & { urlOf(name: string): string },
): OwnJob[] {
  const scheduled = Object.entries(functions).filter(([name]) => !unscheduled.includes(name));
  return scheduled.flatMap(([name, { routes }]) =>
    routes.flatMap(({ method, path, everyMs }) => {
      if (everyMs === null || (sweepEveryMs !== undefined && everyMs >= sweepMsMax)) return [];
      const id = `${name}-${path.split("/").at(-1)}`;
      return {
        name: `projects/${projectId}/locations/${region}/jobs/${id}`,
        schedule: { everyMs: sweepEveryMs ?? everyMs },
        target: {
          uri: `${urlOf(name)}${path}`,
          method,
          headers: {},
          bodyBase64: "",
          oidc: { email: accounts.scheduler, audience: audiences.maintenance },
        },
      };
    }),
  );
}
