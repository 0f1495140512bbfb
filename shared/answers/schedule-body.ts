import type * as z from "zod";
import { fromJsonText, iso, isoOrNull } from "../contract/common.ts";
import type { ScheduleBody, ScheduleRunBody } from "../contract/schedule.ts";
import type { Execution } from "../store/executions.ts";
import type { Schedule, ScheduleRun } from "../store/schedules.ts";
import { projectOf } from "./project-of.ts";

export type ExecutionStates = ReadonlyMap<string, Execution["status"]>;

/** How the executions ended that a schedule hasn't counted yet. */
export function endedRuns(uncounted: readonly string[], states: ExecutionStates) {
  const ended = uncounted.map((id) => states.get(id));
  return {
    successCount: ended.filter((state) => state === "success").length,
    failureCount: ended.filter((state) => state === "failed" || state === "cancelled").length,
  };
}

/** A schedule as the API shows it. @param states The states of its executions, as far as known. */
export function scheduleBody(
  schedule: Schedule,
  { ownerId, states }: { readonly ownerId: string; readonly states: ExecutionStates },
): z.input<typeof ScheduleBody> {
  const ended = endedRuns(schedule.uncounted, states);
  return {
    id: schedule.id,
    userId: ownerId,
    projectId: schedule.projectId ?? projectOf(ownerId),
    name: schedule.name,
    description: schedule.description,
    agentId: schedule.agentId,
    agentName: schedule.agentName,
    task: schedule.task,
    workspaceId: schedule.workspaceId,
    workspaceName: schedule.workspaceName,
    environmentId: schedule.environmentId,
    environmentName: schedule.environmentName,
    appId: schedule.appId,
    contextId: schedule.contextId,
    contextName: schedule.contextName,
    scheduleType: schedule.scheduleType,
    cronExpression: schedule.cronExpression,
    scheduledTime: isoOrNull(schedule.scheduledTime),
    timezone: schedule.timezone,
    missedRuns: schedule.missedRuns,
    enabled: schedule.enabled,
    pausedReason: schedule.pausedReason,
    keyId: schedule.keyId,
    lastRunAt: isoOrNull(schedule.lastRunAt),
    nextRunAt: isoOrNull(schedule.nextRunAt),
    runCount: schedule.runCount,
    successCount: schedule.successCount + ended.successCount,
    failureCount: schedule.failureCount + ended.failureCount,
    metadata: fromJsonText(schedule.metadataJson),
    createdAt: iso(schedule.createdAt),
    updatedAt: iso(schedule.updatedAt),
  };
}

/** A run as the API shows it. */
export function scheduleRunBody(
  run: ScheduleRun,
  { scheduleId, states }: { readonly scheduleId: string; readonly states: ExecutionStates },
): z.input<typeof ScheduleRunBody> {
  return {
    id: run.id,
    scheduleId,
    status: run.status === "started" ? stateOf(run, states) : run.status,
    cause: run.cause,
    scheduledFor: iso(run.scheduledFor),
    lastScheduledFor: iso(run.lastScheduledFor),
    count: run.count,
    threadId: run.threadId,
    runId: run.executionId,
    error: run.errorCode === null ? null : { code: run.errorCode, message: run.errorMessage ?? "" },
    createdAt: iso(run.createdAt),
  };
}

function stateOf({ executionId }: ScheduleRun, states: ExecutionStates) {
  const state = states.get(executionId ?? "") ?? "deleted";
  return state === "queued" ? "pending" : state;
}
