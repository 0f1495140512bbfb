/** What starts executions without a client: schedules, triggers, steps of orchestrations. */
import { defaultLimits, type Service } from "#shared/pipeline/service";
import { deleteOrchestration, updateOrchestration } from "./change-orchestrations.ts";
import {
  deleteTrigger,
  disableTrigger,
  enableTrigger,
  rotateTriggerSecret,
  updateTrigger,
} from "./change-triggers.ts";
import { createOrchestration } from "./create-orchestration.ts";
import { createSchedule } from "./create-schedule.ts";
import { createTrigger } from "./create-trigger.ts";
import { deleteSchedule } from "./delete-schedule.ts";
import { getSchedule } from "./get-schedule.ts";
import { listScheduleRuns } from "./list-schedule-runs.ts";
import { listSchedules } from "./list-schedules.ts";
import {
  getOrchestration,
  getOrchestrationRun,
  listOrchestrationRuns,
  listOrchestrations,
} from "./read-orchestrations.ts";
import { getTrigger, listTriggerExecutions, listTriggers } from "./read-triggers.ts";
import { receiveWebhook } from "./receive-webhook.ts";
import { runOrchestration } from "./run-orchestration.ts";
import { runSchedule } from "./run-schedule.ts";
import { testTrigger } from "./test-trigger.ts";
import { disableSchedule, enableSchedule, updateSchedule } from "./update-schedule.ts";

export const service: Service = {
  name: "automation",
  summary: "Schedules, triggers and orchestrations: what starts executions without a client",
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
    createTrigger,
    listTriggers,
    getTrigger,
    updateTrigger,
    deleteTrigger,
    enableTrigger,
    disableTrigger,
    testTrigger,
    rotateTriggerSecret,
    listTriggerExecutions,
    receiveWebhook,
    createOrchestration,
    listOrchestrations,
    getOrchestration,
    updateOrchestration,
    deleteOrchestration,
    runOrchestration,
    listOrchestrationRuns,
    getOrchestrationRun,
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
