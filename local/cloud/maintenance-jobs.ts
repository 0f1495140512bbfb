import type { OwnJob } from "../scheduler/server.ts";
import { accounts, audiences, projectId, region } from "./names.ts";

/** What Cloud Scheduler calls; its shortest interval in the cloud is a minute. */
const sweeps = [
  { id: "outbox", path: "/internal/maintenance/outbox", everyMs: 5_000 },
  { id: "reaper", path: "/internal/maintenance/reaper", everyMs: 15_000 },
  { id: "keys", path: "/internal/maintenance/keys", everyMs: 2_000 },
  { id: "shreds", path: "/internal/maintenance/shreds", everyMs: 15_000 },
] as const;
const round = { id: "ledgers", path: "/internal/maintenance/ledgers", everyMs: 60_000 } as const;

export function maintenanceJobs(maintenanceUrl: string, sweepEveryMs?: number): OwnJob[] {
  // Where sweeps tick for tests that hold the very call they make, nothing else ticks.
  const jobs = sweepEveryMs === undefined ? [...sweeps, round] : sweeps;
  return jobs.map(({ id, path, everyMs }) => ({
    name: `projects/${projectId}/locations/${region}/jobs/maintenance-${id}`,
    schedule: { everyMs: sweepEveryMs ?? everyMs },
    target: {
      uri: `${maintenanceUrl}${path}`,
      method: "POST",
      headers: {},
      bodyBase64: "",
      oidc: { email: accounts.scheduler, audience: audiences.maintenance },
    },
  }));
}
