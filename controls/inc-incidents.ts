/** How the promises of the group INC (incidents) are kept; see `controls.ts`. */
import type { Control } from "./control.ts";

export const incControls: Readonly<Record<string, Control>> = {
  "INC-1": {
    enforcedBy: "shared/incidents/detect-rows.ts",
    test: "shared/core/incidents/detection.test.ts",
    mutation: {
      file: "shared/core/incidents/detection.ts",
      find: "sums[bucket] = (sums[bucket] ?? 0) + added;",
      replace: "sums[bucket] = added;",
    },
  },
  "INC-2": {
    enforcedBy: "shared/incidents/announce-incident.ts",
    test: "shared/incidents/announce-incident.test.ts",
    mutation: {
      file: "shared/incidents/announce-incident.ts",
      find: 'event: "incident.opened"',
      replace: 'event: "incident.found"',
    },
  },
  "INC-3": {
    enforcedBy: "functions/admin/incident-step.ts",
    test: "test/integration/incidents.test.ts",
    mutation: {
      file: "functions/admin/move-incident.ts",
      find: "if (assignee === null) {",
      replace: "if (assignee === undefined) {",
    },
  },
  "INC-4": {
    enforcedBy: "shared/incidents/contain.ts",
    test: "test/integration/incidents.test.ts",
    mutation: {
      file: "shared/incidents/contain.ts",
      find: "freezeEvidence(ownerId, order.incidentId, order.now),",
      replace: "",
    },
  },
  "INC-5": {
    enforcedBy: "functions/incident-watch/deliver-due.ts",
    test: "test/integration/notifications.test.ts",
    mutation: {
      file: "shared/notifications/webhook-address.ts",
      find: 'return range === null || (isLocal && range === "loopback");',
      replace: "return true;",
    },
  },
  "INC-6": {
    enforcedBy: "shared/notifications/anomaly-notifications.ts",
    test: "test/integration/notifications.test.ts",
    mutation: {
      file: "shared/notifications/anomaly-notifications.ts",
      find: "settings[detector].includes(channel)",
      replace: "true",
    },
  },
};
