import { toJsonText } from "../contract/common.ts";
import { type ScheduleCreate, type ScheduleUpdate, typeIn } from "../contract/schedule.ts";
import { ApiError } from "../errors/api-error.ts";
import type { ApiKey } from "../store/api-keys.ts";
import type { Environment } from "../store/environments.ts";
import type { Schedule } from "../store/schedules.ts";
import { nextRun } from "./schedule-timing.ts";

/** The document of a new schedule. @throws {ApiError} 400 for a time that has passed. */
export function newSchedule(
  body: ScheduleCreate,
  made: {
    readonly id: string;
    readonly key: ApiKey;
    readonly environment: Environment;
    readonly agentName: string | null;
    readonly now: number;
  },
): Schedule {
  const { key, environment, now } = made;
  const timed = {
    scheduleType: typeIn(body) ?? "recurring",
    cronExpression: body.cronExpression ?? null,
    scheduledTime: body.scheduledTime ?? null,
    timezone: body.timezone,
    enabled: body.enabled,
  };
  return {
    v: 1,
    id: made.id,
    ownerId: key.ownerId,
    mode: key.mode,
    keyId: key.id,
    name: body.name,
    description: body.description ?? null,
    task: body.task,
    environmentId: environment.id,
    environmentName: body.environmentName ?? environment.name,
    agentId: body.agentId ?? null,
    agentName: body.agentName ?? made.agentName,
    projectId: body.projectId ?? null,
    appId: body.appId ?? null,
    contextId: body.contextId ?? null,
    contextName: body.contextName ?? null,
    workspaceId: body.workspaceId ?? null,
    workspaceName: body.workspaceName ?? null,
    ...timed,
    missedRuns: body.missedRuns ?? "run",
    pausedReason: null,
    ...requireNextRun(timed, now),
    lastRunAt: null,
    runCount: 0,
    successCount: 0,
    failureCount: 0,
    uncounted: [],
    metadataJson: toJsonText(body.metadata),
    createdAt: now,
    updatedAt: now,
  };
}

/** @throws {ApiError} `VALIDATION_FAILED` if it is enabled and would never run. */
export function requireNextRun(schedule: Parameters<typeof nextRun>[0], now: number) {
  const next = nextRun(schedule, now);
  if (!schedule.enabled || next.nextRunAt !== null) return next;
  const message = "must be in the future for a schedule that is enabled";
  throw new ApiError("VALIDATION_FAILED", { details: [{ field: "scheduledTime", message }] });
}

/** What decides when it runs; a change of it starts again from now. */
const timeFields = ["cronExpression", "scheduledTime", "timezone", "enabled"] as const;
/** What decides what it does; who changes that answers for it with the key of the request. */
const taskFields = ["task", "environmentId", "agentId", "appId", "missedRuns"] as const;

/** Whether a change makes the caller's key the one that the schedule acts with. */
export function takesOver(body: ScheduleUpdate): boolean {
  const isNamed = (field: keyof ScheduleUpdate) => body[field] !== undefined;
  return body.enabled !== false && [...timeFields, ...taskFields].some(isNamed);
}

/** Whether a change says what a later start does, also of one that is disabled by it. */
export function changesRuns({ enabled, ...rest }: ScheduleUpdate): boolean {
  return enabled === true || takesOver(rest);
}

/** The fields of a changed schedule: those that the body names, and the others as they were. */
export function changedSchedule(
  body: ScheduleUpdate,
  schedule: Schedule,
  made: {
    readonly keyId: string;
    /** The environment and the agent that the body names. */
    readonly environment: Environment | null;
    readonly agentName: string | null;
    readonly now: number;
  },
): Partial<Schedule> {
  const { keyId, environment, now } = made;
  const kept = <T>(asked: T | undefined, value: T): T => (asked === undefined ? value : asked);
  const timed = { ...timedFields(body, schedule), enabled: body.enabled ?? schedule.enabled };
  const isTimed = timeFields.some((field) => body[field] !== undefined);
  const agentName = body.agentId === undefined ? schedule.agentName : made.agentName;
  return {
    name: body.name ?? schedule.name,
    task: body.task ?? schedule.task,
    description: kept(body.description, schedule.description),
    environmentId: environment?.id ?? schedule.environmentId,
    environmentName: kept(body.environmentName, environment?.name ?? schedule.environmentName),
    agentId: kept(body.agentId, schedule.agentId),
    agentName: kept(body.agentName, agentName),
    appId: kept(body.appId, schedule.appId),
    contextId: kept(body.contextId, schedule.contextId),
    contextName: kept(body.contextName, schedule.contextName),
    workspaceId: kept(body.workspaceId, schedule.workspaceId),
    workspaceName: kept(body.workspaceName, schedule.workspaceName),
    missedRuns: body.missedRuns ?? schedule.missedRuns,
    ...timed,
    ...(takesOver(body) ? { keyId } : {}),
    ...(timed.enabled ? { pausedReason: null } : {}),
    ...(isTimed ? requireNextRun(timed, now) : {}),
    metadataJson: body.metadata === undefined ? schedule.metadataJson : toJsonText(body.metadata),
    updatedAt: now,
  };
}

/**
 * A new pattern replaces a time, and a new time a pattern.
 * @throws {ApiError} `VALIDATION_FAILED` if there would be both or none.
 */
function timedFields(body: ScheduleUpdate, schedule: Schedule) {
  const isCron = (body.cronExpression ?? null) !== null;
  const isTime = (body.scheduledTime ?? null) !== null;
  const cronExpression = isTime ? (body.cronExpression ?? null) : body.cronExpression;
  const scheduledTime = isCron ? (body.scheduledTime ?? null) : body.scheduledTime;
  const timed = {
    cronExpression: cronExpression === undefined ? schedule.cronExpression : cronExpression,
    scheduledTime: scheduledTime === undefined ? schedule.scheduledTime : scheduledTime,
    timezone: body.timezone ?? schedule.timezone,
  };
  const scheduleType = typeIn(timed);
  if (scheduleType !== null) return { ...timed, scheduleType };
  const message = "is needed, or scheduledTime, and only one of them";
  throw new ApiError("VALIDATION_FAILED", { details: [{ field: "cronExpression", message }] });
}
