/**
 * What finds incidents, finishes their containment and sends notifications; nothing here is
 * reachable from outside.
 */
import { defaultLimits, type Service } from "#shared/pipeline/service";
import { deliverNotifications } from "./deliver-notifications.ts";
import { detectIncidents } from "./detect-incidents.ts";
import { finishContainments } from "./finish-containments.ts";
import { remindOfDeadlines } from "./remind-of-deadlines.ts";

export const service: Service = {
  name: "incident-watch",
  summary: "Detectors over the audit trails, unfinished containments, and notifications",
  visibility: "internal",
  routes: [detectIncidents, finishContainments, deliverNotifications, remindOfDeadlines],
  // More than one instance would do no harm and only get in each other's way.
  limits: {
    ...defaultLimits,
    concurrency: 2,
    instancesMax: 1,
    timeoutSeconds: 120,
    memoryMib: 512,
  },
  // It stops what is contained, and can open nothing that is sealed. Secrets of webhooks derive
  // from the peppers.
  roles: ["firestore.main", "jobs.cancel", "secret.mail-login", "secret.peppers"],
};
