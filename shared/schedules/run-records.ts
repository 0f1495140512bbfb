/** What a schedule and its list of runs say once it has run, missed times or was refused. */
import { type ExecutionStates, endedRuns } from "../answers/schedule-body.ts";
import { expiryOf } from "../core/retention/expiry.ts";
import type { ApiError } from "../errors/api-error.ts";
import type { Owner } from "../identity/owner.ts";
import { create, type Write } from "../store/documents.ts";
import { type Schedule, type ScheduleRun, scheduleRuns } from "../store/schedules.ts";

/** The most executions that wait to be counted; the oldest beyond them never are. */
const uncountedMax = 50;

type Chosen = "id" | "status" | "cause" | "scheduledFor";

/** The write that adds a run to a schedule's list. */
export function addRun(
  owner: Owner,
  scheduleId: string,
  run: Pick<ScheduleRun, Chosen> & Partial<ScheduleRun> & { readonly createdAt: number },
): Write {
  return create(scheduleRuns.of(owner, scheduleId, run.id), {
    v: 1,
    lastScheduledFor: run.scheduledFor,
    count: 1,
    threadId: null,
    executionId: null,
    errorCode: null,
    errorMessage: null,
    expireAt: expiryOf("automationLogs", run.createdAt),
    ...run,
  });
}

export function refusalFields({ code, message }: ApiError) {
  return { status: "refused", errorCode: code, errorMessage: message } as const;
}

/** The counts with all executions that have ended, and with the one that starts now. */
export function countedRuns(
  schedule: Schedule,
  states: ExecutionStates,
  started: { readonly executionId: string; readonly now: number },
): Partial<Schedule> {
  const ended = endedRuns(schedule.uncounted, states);
  const running = schedule.uncounted.filter((id) => {
    const state = states.get(id);
    return state === "queued" || state === "running";
  });
  return {
    runCount: schedule.runCount + 1,
    successCount: schedule.successCount + ended.successCount,
    failureCount: schedule.failureCount + ended.failureCount,
    uncounted: [...running, started.executionId].slice(-uncountedMax),
    lastRunAt: started.now,
  };
}
