/** The part of the retention table that is of schedules and triggers. */
import { dayMs } from "./periods.ts";
import { owned, type RetentionClass } from "./retention-class.ts";

const withEnvironment = { goesWith: "owners/*/environments", by: "environmentId" } as const;

export const automationRetention = {
  automations: {
    holds: "schedules and triggers: what they start, and when",
    keptMs: null,
    kept: "until the schedule, the trigger or its environment is deleted",
    enforcedBy: ["deletion", "sweep"],
    routes: [
      "DELETE /v1/schedules/:scheduleId",
      "DELETE /v1/triggers/:triggerId",
      "POST /internal/maintenance/deletions",
    ],
    why: "They are the owner's.",
    places: [owned("schedules", withEnvironment), owned("triggers", withEnvironment)],
  },
  automationLogs: {
    holds: "when schedules ran, and what triggers were sent",
    keptMs: 30 * dayMs,
    enforcedBy: ["time to live", "deletion", "sweep"],
    routes: [
      "DELETE /v1/schedules/:scheduleId",
      "DELETE /v1/triggers/:triggerId",
      "POST /internal/maintenance/deletions",
    ],
    why: "They explain what was started; threads stay.",
    places: [
      owned("schedules/*/scheduleRuns", { goesWith: "owners/*/schedules" }),
      owned("triggers/*/triggerDeliveries", { goesWith: "owners/*/triggers" }),
    ],
  },
} as const satisfies Readonly<Record<string, RetentionClass>>;
