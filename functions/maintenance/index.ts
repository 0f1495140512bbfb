/** What the scheduler calls: nothing here is reachable from outside. */
import { defaultLimits, type Service } from "#shared/pipeline/service";
import { sweepQueued, sweepRunning } from "./sweeps.ts";

export const service: Service = {
  name: "maintenance",
  summary: "Outbox and reaper",
  visibility: "internal",
  routes: [sweepQueued, sweepRunning],
  limits: { ...defaultLimits, concurrency: 4, instancesMax: 2, timeoutSeconds: 120 },
  roles: ["firestore.main", "jobs.run"],
};
