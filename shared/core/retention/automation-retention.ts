/** The part of the retention table that is of schedules, triggers and orchestrations. */
import { dayMs } from "./periods.ts";
import { owned, type RetentionClass } from "./retention-class.ts";

const withEnvironment = { goesWith: "owners/*/environments", by: "environmentId" } as const;

export const automationRetention = {
  automations: {
    holds: "schedules, triggers and orchestrations: what they start, and when",
    keptMs: null,
    kept: "until it or its environment is deleted",
    enforcedBy: ["deletion", "sweep"],
    routes: [
      "DELETE /v1/schedules/:scheduleId",
      "DELETE /v1/triggers/:triggerId",
      "DELETE /v1/orchestrations/:orchestrationId",
      "POST /internal/maintenance/deletions",
    ],
    why: "They are the owner's.",
    places: [
      owned("schedules", withEnvironment),
      owned("triggers", withEnvironment),
      owned("orchestrations", withEnvironment),
    ],
  },
  automationLogs: {
    holds: "when schedules ran, what triggers were sent, and what orchestrations' steps answered",
    keptMs: 30 * dayMs,
    enforcedBy: ["time to live", "deletion", "sweep"],
    routes: [
      "DELETE /v1/schedules/:scheduleId",
      "DELETE /v1/triggers/:triggerId",
      "DELETE /v1/orchestrations/:orchestrationId",
      "POST /internal/maintenance/deletions",
    ],
    why: "They explain what was started; threads stay.",
    places: [
      owned("schedules/*/scheduleRuns", { goesWith: "owners/*/schedules" }),
      owned("triggers/*/triggerDeliveries", { goesWith: "owners/*/triggers" }),
      owned("orchestrations/*/orchestrationRuns", { goesWith: "owners/*/orchestrations" }),
    ],
  },
} as const satisfies Readonly<Record<string, RetentionClass>>;
