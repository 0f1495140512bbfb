/** What makes the audit trail provable; nothing here is reachable from outside. */
import { defaultLimits, type Service } from "#shared/pipeline/service";
import { sequence } from "./sequence.ts";

export const service: Service = {
  name: "audit-sequencer",
  summary: "Trees of the owners' audit rows, and signed checkpoints of all of them",
  visibility: "internal",
  routes: [sequence],
  // More than one instance would do no harm and only get in each other's way.
  limits: {
    ...defaultLimits,
    concurrency: 1,
    instancesMax: 1,
    timeoutSeconds: 120,
    memoryMib: 512,
  },
  // It can sign, and it can't open anything: no details, no secrets, no workspace.
  roles: ["firestore.main", "kms.sign.checkpoints", "checkpoints.store"],
};
