/** What starts executions without a client: schedules and triggers. */
import { defaultLimits, type Service } from "#shared/pipeline/service";
import { createSchedule } from "./create-schedule.ts";
import { deleteSchedule } from "./delete-schedule.ts";
import { getSchedule } from "./get-schedule.ts";
import { listScheduleRuns } from "./list-schedule-runs.ts";
import { listSchedules } from "./list-schedules.ts";
import { runSchedule } from "./run-schedule.ts";
import { disableSchedule, enableSchedule, updateSchedule } from "./update-schedule.ts";

export const service: Service = {
  name: "automation",
  summary: "Schedules: tasks that start at times",
  visibility: "edge",
  routes: [
    createSchedule,
    listSchedules,
    getSchedule,
    updateSchedule,
    deleteSchedule,
    enableSchedule,
    disableSchedule,
    runSchedule,
    listScheduleRuns,
  ],
  limits: defaultLimits,
  // A schedule that names no environment makes the default one, whose key pair is sealed.
  roles: [
    "firestore.main",
    "firestore.keys",
    "jobs.run",
    "kms.wrap.environment-secrets",
    "secret.peppers",
  ],
};
