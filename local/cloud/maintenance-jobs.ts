import type { FunctionManifest } from "../functions/manifest.ts";
import type { OwnJob } from "../scheduler/server.ts";
import { accounts, audiences, projectId, region } from "./names.ts";

/** Longer intervals don't matter to anyone who waits. */
const sweepMsMax = 60_000;

/**
 * The scheduler's jobs, from what the routes declare.
 *
 * @param sweepEveryMs Replaces the sweeps' interval, and leaves out all other jobs, for tests that
 * count calls.
 */
export function maintenanceJobs(
  { functions }: FunctionManifest,
  { urlOf, sweepEveryMs }: { urlOf(name: string): string; sweepEveryMs: number | undefined },
): OwnJob[] {
  return Object.entries(functions).flatMap(([name, { routes }]) =>
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
