import * as z from "zod";
import { missedRunPolicies, pauseReasons, scheduleTypes } from "../core/schedules/words.ts";
import { ownedCollection, smallDocuments } from "./documents.ts";

/** A task that is started at times, each time in a thread of its own. */
export const Schedule = z.object({
  v: z.literal(1),
  id: z.string(),
  ownerId: z.string(),
  mode: z.enum(["production", "development"]),
  /** The key that it acts with: the one that made it, or last changed what it does. */
  keyId: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  task: z.string(),
  environmentId: z.string(),
  environmentName: z.string().nullable(),
  agentId: z.string().nullable(),
  agentName: z.string().nullable(),
  projectId: z.string().nullable(),
  appId: z.string().nullable(),
  /** Labels of clients. */
  contextId: z.string().nullable(),
  contextName: z.string().nullable(),
  workspaceId: z.string().nullable(),
  workspaceName: z.string().nullable(),
  scheduleType: z.enum(scheduleTypes),
  cronExpression: z.string().nullable(),
  scheduledTime: z.int().nullable(),
  timezone: z.string(),
  missedRuns: z.enum(missedRunPolicies),
  enabled: z.boolean(),
  pausedReason: z.enum(pauseReasons).nullable(),
  /** The first time that was neither run nor missed; null if it isn't enabled, or is over. */
  nextRunAt: z.int().nullable(),
  /** When a sweep must look at it: at `nextRunAt`, or a little later if that failed. */
  dueAt: z.int().nullable(),
  lastRunAt: z.int().nullable(),
  runCount: z.int().min(0),
  successCount: z.int().min(0),
  failureCount: z.int().min(0),
  /** Executions that the counts don't include yet, because they hadn't ended. */
  uncounted: z.array(z.string()),
  metadataJson: z.string(),
  createdAt: z.int(),
  updatedAt: z.int(),
});
export type Schedule = z.infer<typeof Schedule>;

export const schedules = ownedCollection(["schedules"], Schedule, "environmentId");

/** What the sweep reads of schedules that are due. */
export const dueSchedules = {
  collectionGroup: schedules.name,
  schema: Schedule.pick({
    id: true,
    ownerId: true,
    mode: true,
    dueAt: true,
    createdAt: true,
  }),
};

/**
 * One time at which a schedule was due, or one request to run it. Several times that were missed
 * one after another share a document.
 */
export const ScheduleRun = z.object({
  v: z.literal(1),
  id: z.string(),
  status: z.enum(["started", "missed", "refused"]),
  cause: z.enum(["schedule", "request"]),
  scheduledFor: z.int(),
  /** The last of the times that were missed; otherwise the same as `scheduledFor`. */
  lastScheduledFor: z.int(),
  /** How many times it stands for. */
  count: z.int().min(1),
  threadId: z.string().nullable(),
  executionId: z.string().nullable(),
  /** Why it was refused. */
  errorCode: z.string().nullable(),
  errorMessage: z.string().nullable(),
  createdAt: z.int(),
  expireAt: z.date(),
});
export type ScheduleRun = z.infer<typeof ScheduleRun>;

export const scheduleRuns = ownedCollection(
  ["schedules", "scheduleRuns"],
  ScheduleRun,
  null,
  smallDocuments,
);
