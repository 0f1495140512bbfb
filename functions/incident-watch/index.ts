/** What finds incidents and finishes their containment; nothing here is reachable from outside. */
import { defaultLimits, type Service } from "#shared/pipeline/service";
import { detectIncidents } from "./detect-incidents.ts";
import { finishContainments } from "./finish-containments.ts";

export const service: Service = {
  name: "incident-watch",
  summary: "Detectors over the audit trails, and containments that a crash left unfinished",
  visibility: "internal",
  routes: [detectIncidents, finishContainments],
  // More than one instance would do no harm and only get in each other's way.
  limits: {
    ...defaultLimits,
    concurrency: 2,
    instancesMax: 1,
    timeoutSeconds: 120,
    memoryMib: 512,
  },
  // It stops what is contained, and can open nothing that is sealed.
  roles: ["firestore.main", "jobs.cancel"],
};
