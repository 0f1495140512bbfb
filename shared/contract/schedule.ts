import * as z from "zod";
import { isCronExpression, isTimezone } from "../core/schedules/occurrences.ts";
import { missedRunPolicies, pauseReasons, scheduleTypes } from "../core/schedules/words.ts";
import { Metadata } from "./common.ts";
import { contentMax } from "./message-create.ts";

const Label = z.string().max(200).nullish();

const Cron = z
  .string()
  .trim()
  .max(100)
  .refine(isCronExpression, "must be a cron pattern of five fields that is due at some time");
const Instant = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
const Timezone = z
  .string()
  .max(100)
  .refine(isTimezone, "must be the name of a time zone, such as Europe/Berlin");

/** What a client may change of a schedule. */
const changeable = {
  description: z.string().max(10_000).nullish(),
  environmentId: z.string().nullish(),
  agentId: z.string().nullish(),
  cronExpression: Cron.nullish(),
  scheduledTime: Instant.nullish(),
  /** Ours: whether the last of the times that a downtime missed still runs. */
  missedRuns: z.enum(missedRunPolicies).optional(),
  appId: Label,
  metadata: Metadata,
  /** Labels, which are kept and read back. */
  agentName: Label,
  environmentName: Label,
  contextId: Label,
  contextName: Label,
  workspaceId: Label,
  workspaceName: Label,
};

const Name = z.string().trim().min(1).max(200);
const Task = z.string().min(1).max(contentMax);

/** When a new schedule is due. */
const timing = {
  scheduleType: z.enum(scheduleTypes).optional(),
  /** A label of older clients, such as `cron`: the time says which type it is. */
  type: z.string().max(20).optional(),
  cronExpression: Cron.nullish(),
  scheduledTime: Instant.nullish(),
  timezone: Timezone.default("UTC"),
  enabled: z.boolean().default(true),
  missedRuns: z.enum(missedRunPolicies).optional(),
};

const timed: [typeof hasTime, { path: string[]; message: string }] = [
  hasTime,
  {
    path: ["cronExpression"],
    message: "is required for a recurring schedule, and scheduledTime for a one-time one",
  },
];
const agreeing: [(body: TimeFields) => boolean, { path: string[]; message: string }] = [
  (body) => typeIn(body) !== null || !hasTime(body),
  {
    path: ["scheduleType"],
    message: "must agree with the time: cronExpression is recurring, scheduledTime one-time",
  },
];

/** The schedule of a request that makes a thread: the content is its task. */
export const ThreadSchedule = z
  .object({ name: Name.optional(), ...timing })
  .refine(...timed)
  .refine(...agreeing);

export const ScheduleCreate = z
  .object({
    name: Name,
    task: Task,
    projectId: z.string().max(100).nullish(),
    ...changeable,
    ...timing,
  })
  .refine(...timed)
  .refine(...agreeing);
export type ScheduleCreate = z.output<typeof ScheduleCreate>;

/** Fields that are left out keep their values; null takes a value away. */
export const ScheduleUpdate = z.object({
  name: Name.optional(),
  task: Task.optional(),
  timezone: Timezone.optional(),
  enabled: z.boolean().optional(),
  ...changeable,
});
export type ScheduleUpdate = z.output<typeof ScheduleUpdate>;

interface TimeFields {
  readonly scheduleType?: (typeof scheduleTypes)[number] | undefined;
  readonly cronExpression?: string | null | undefined;
  readonly scheduledTime?: number | null | undefined;
}

function hasTime({ cronExpression, scheduledTime }: TimeFields): boolean {
  return (cronExpression ?? scheduledTime ?? null) !== null;
}

/** The type that a body asks for, or that its time implies; null if both contradict. */
export function typeIn(body: TimeFields): (typeof scheduleTypes)[number] | null {
  const isRecurring = (body.cronExpression ?? null) !== null;
  const isOnce = (body.scheduledTime ?? null) !== null;
  if (isRecurring === isOnce) return null;
  const implied = isRecurring ? "recurring" : "one-time";
  return (body.scheduleType ?? implied) === implied ? implied : null;
}

export const ScheduleBody = z.object({
  id: z.string(),
  userId: z.string(),
  projectId: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  agentId: z.string().nullable(),
  agentName: z.string().nullable(),
  task: z.string(),
  workspaceId: z.string().nullable(),
  workspaceName: z.string().nullable(),
  environmentId: z.string(),
  environmentName: z.string().nullable(),
  appId: z.string().nullable(),
  contextId: z.string().nullable(),
  contextName: z.string().nullable(),
  scheduleType: z.enum(scheduleTypes),
  cronExpression: z.string().nullable(),
  scheduledTime: z.string().nullable(),
  timezone: z.string(),
  missedRuns: z.enum(missedRunPolicies),
  enabled: z.boolean(),
  /** Why it was paused; null if it wasn't, or was disabled by its owner. */
  pausedReason: z.enum(pauseReasons).nullable(),
  /** The key that it acts with. */
  keyId: z.string(),
  lastRunAt: z.string().nullable(),
  nextRunAt: z.string().nullable(),
  runCount: z.int(),
  successCount: z.int(),
  failureCount: z.int(),
  metadata: z.unknown(),
  createdAt: z.string(),
  updatedAt: z.string(),
});

export const ScheduleRunBody = z.object({
  id: z.string(),
  scheduleId: z.string(),
  /** `missed`, `refused`, or the state of what it started, which may be `deleted`. */
  status: z.enum([
    "missed",
    "refused",
    "deleted",
    "pending",
    "running",
    "success",
    "failed",
    "cancelled",
  ]),
  cause: z.enum(["schedule", "request"]),
  scheduledFor: z.string(),
  /** The last of the times that were missed one after another. */
  lastScheduledFor: z.string(),
  count: z.int(),
  threadId: z.string().nullable(),
  runId: z.string().nullable(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  createdAt: z.string(),
});
