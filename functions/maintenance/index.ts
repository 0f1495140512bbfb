/** What the scheduler calls: nothing here is reachable from outside. */
import { defaultLimits, type Service } from "#shared/pipeline/service";
import { checkLedgers } from "./check-ledgers.ts";
import { sweepKeys } from "./sweep-keys.ts";
import { sweepQueued, sweepRunning } from "./sweeps.ts";

export const service: Service = {
  name: "maintenance",
  summary: "Outbox, reaper, the end of keys and the books",
  visibility: "internal",
  routes: [sweepQueued, sweepRunning, sweepKeys, checkLedgers],
  limits: { ...defaultLimits, concurrency: 4, instancesMax: 2, timeoutSeconds: 120 },
  roles: ["firestore.main", "jobs.run"],
};
