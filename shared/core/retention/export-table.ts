/**
 * What an account's export has of each collection (DAT-5). The compiler fails on a collection of
 * the retention table that isn't named here, and a test on a file that no archive has.
 */
import type { CollectionPath } from "./retention-table.ts";

export type Exported =
  /** A file of the archive. */
  { readonly file: string } | { readonly leftOut: string };

const proofs = { leftOut: "hashes; `audit.ndjson` has the proofs that are made of them" } as const;
const pointers = { leftOut: "counts and places, made of what is exported" } as const;
const work = { leftOut: "work that is under way, named by ids" } as const;
const deployment = { leftOut: "the deployment's, of no account" } as const;

export const exportTable = {
  owners: { file: "account.ndjson" },
  "owners/*/account": { file: "account.ndjson" },
  apiKeys: { file: "keys.ndjson" },
  "owners/*/agents": { file: "agents.ndjson" },
  "owners/*/skills": { file: "skills.ndjson" },
  "owners/*/schedules": { file: "schedules.ndjson" },
  "owners/*/schedules/*/scheduleRuns": { file: "schedule-runs.ndjson" },
  "owners/*/triggers": { file: "triggers.ndjson" },
  "owners/*/triggers/*/triggerDeliveries": { file: "trigger-deliveries.ndjson" },
  "owners/*/orchestrations": { file: "orchestrations.ndjson" },
  "owners/*/orchestrations/*/orchestrationRuns": { file: "orchestration-runs.ndjson" },
  "owners/*/ledger": { file: "billing.ndjson" },
  "owners/*/threads": { file: "threads.ndjson" },
  "owners/*/threads/*/messages": { file: "messages.ndjson" },
  "owners/*/executions": { file: "executions.ndjson" },
  "owners/*/executions/*/events": { file: "events.ndjson" },
  "owners/*/executions/*/egress": { file: "egress.ndjson" },
  "owners/*/environments": { file: "environments.ndjson" },
  "owners/*/snapshots": { file: "snapshots.ndjson" },
  "owners/*/transfers": { file: "transfers.ndjson" },
  "owners/*/notifications": { file: "notifications.ndjson" },
  "owners/*/incidents": { file: "incidents.ndjson" },
  incidents: { file: "incidents.ndjson" },
  "owners/*/anomalies": { file: "anomalies.ndjson" },
  deliveries: { file: "notices.ndjson" },
  "owners/*/audit": { file: "audit.ndjson" },
  "owners/*/sealedSecrets": { leftOut: "secrets; `environments.ndjson` has their names" },
  "owners/*/sealingKeys": { leftOut: "the keys that open secrets" },
  "owners/*/executions/*/meters": { leftOut: "sums; `billing.ndjson` has what was charged" },
  "owners/*/searchEntries": { leftOut: "words of messages and titles, which are exported" },
  "owners/*/deletedExecutions": { leftOut: "ids of what was deleted" },
  "owners/*/keyRequests": { leftOut: "ids; `keys.ndjson` has the keys" },
  "owners/*/auditReads": { leftOut: "an hour; `audit.ndjson` has the reads" },
  "owners/*/keyRefusals": { leftOut: "counts; `audit.ndjson` has what they reached" },
  "owners/*/creditRequests": {
    leftOut: "operators' orders; `billing.ndjson` and `audit.ndjson` have what came of them",
  },
  "owners/*/containments": { leftOut: "a mark; `audit.ndjson` has each containment" },
  "owners/*/defaults": { leftOut: "an id; `environments.ndjson` says which is the default one" },
  "owners/*/exports": { leftOut: "the archive itself, as `GET /v1/account/export` says" },
  "owners/*/detections": { leftOut: "sums; `anomalies.ndjson` has what was found" },
  "owners/*/usage": pointers,
  "owners/*/collections": pointers,
  "owners/*/auditTrees": proofs,
  "owners/*/auditNodes": proofs,
  accountDeletions: { leftOut: "made once the account is deleted; its owner gets a receipt" },
  mailConfirmations: { leftOut: "counts by hashed addresses" },
  containments: { leftOut: "operators' notes; `audit.ndjson` has what they did to the account" },
  evidenceFreezes: deployment,
  operators: deployment,
  system: deployment,
  auditMaps: deployment,
  auditBuckets: deployment,
  auditLogs: deployment,
  auditLogNodes: deployment,
  auditEpochs: deployment,
  keyFollowUps: work,
  shreds: work,
  deletions: work,
  dueExports: work,
} as const satisfies Readonly<Record<CollectionPath, Exported>>;
