/** What the scheduler calls; nothing here is reachable from outside. */
import { defaultLimits, type Service } from "#shared/pipeline/service";
import { advanceRuns } from "./advance-runs.ts";
import { archiveLedgers } from "./archive-ledgers.ts";
import { checkLedgers } from "./check-ledgers.ts";
import { eraseAccounts } from "./erase-accounts.ts";
import { fireSchedules } from "./fire-schedules.ts";
import { sweepDeletions } from "./sweep-deletions.ts";
import { sweepQueued, sweepRunning } from "./sweep-executions.ts";
import { sweepKeys } from "./sweep-keys.ts";
import { sweepObjects } from "./sweep-objects.ts";
import { sweepOwners } from "./sweep-owners.ts";
import { sweepShreds } from "./sweep-shreds.ts";

export const service: Service = {
  name: "maintenance",
  summary:
    "Schedules and runs of orchestrations; sweeps of executions, keys, environments and objects; checks and archive of ledgers",
  visibility: "internal",
  routes: [
    sweepQueued,
    sweepRunning,
    sweepKeys,
    fireSchedules,
    advanceRuns,
    sweepOwners,
    sweepShreds,
    sweepDeletions,
    eraseAccounts,
    sweepObjects,
    checkLedgers,
    archiveLedgers,
  ],
  limits: {
    ...defaultLimits,
    concurrency: 4,
    instancesMax: 2,
    timeoutSeconds: 120,
    memoryMib: 1_024,
  },
  // It adds billing records to the archive and can't remove any.
  // It destroys key pairs that are due, and has no right to open any.
  // It signs that accounts are gone, with a key for that alone.
  roles: [
    "firestore.main",
    "firestore.keys",
    "jobs.run",
    "objects.collect",
    "exports.collect",
    "archive.store",
    "kms.sign.certificates",
    // For the digests of what schedules start.
    "secret.peppers",
  ],
};
