import { deploymentLimits } from "#shared/config";
import { ScheduleCreate } from "#shared/contract/schedule";
import type { ThreadCreate } from "#shared/contract/thread";
import type { Counted } from "#shared/core/limits/owned-count";
import type { Account } from "#shared/core/money/account";
import { cutText } from "#shared/core/usable-text";
import { startScopes } from "#shared/keys/acting-key";
import { requireKeyScope } from "#shared/keys/require-key-scope";
import type { Callers } from "#shared/pipeline/route";
import { withOneMoreOwned } from "#shared/quotas/owned-resources";
import { newSchedule } from "#shared/schedules/new-schedule";
import { create } from "#shared/store/documents";
import type { Environment } from "#shared/store/environments";
import { schedules } from "#shared/store/schedules";
import { executedContent } from "./start-with-thread.ts";

const nameLength = 60;

/**
 * A thread with a schedule needs the right to make schedules and to start executions, also where it
 * was made by an earlier request. @throws {ApiError} `FORBIDDEN`.
 */
export function requireMaySchedule({ key }: Callers["api-key"], body: ThreadCreate): void {
  if (!body.schedule) return;
  for (const scope of ["schedules:write", ...startScopes] as const) {
    requireKeyScope(key.scopes, scope);
  }
}

/**
 * The schedule that a new thread asks for; null if it asks for none. Pure.
 * @throws {ApiError} 400 for a time that has passed, 409 if there is no room for one more.
 */
export function scheduleWithThread(
  { key, owner }: Callers["api-key"],
  body: ThreadCreate,
  made: {
    readonly id: string;
    readonly environment: Environment;
    readonly agentName: string | null;
    readonly account: Account;
    readonly counted: Counted | null;
    readonly now: number;
  },
) {
  if (!body.schedule) return null;
  const { account, counted, now } = made;
  const task = executedContent(body) ?? "";
  const { scheduledTime, ...timing } = body.schedule;
  const asked = ScheduleCreate.parse({
    ...timing,
    ...(typeof scheduledTime === "number"
      ? { scheduledTime: new Date(scheduledTime).toISOString() }
      : {}),
    ...{ task, name: body.schedule.name ?? body.title ?? cutText(task, nameLength) },
    ...{ agentId: body.agentId, projectId: body.projectId, appId: body.appId },
    metadata: body.metadata,
  });
  const schedule = newSchedule(asked, { ...made, key });
  const { quotas } = deploymentLimits();
  return {
    schedule,
    action: "schedule.created",
    subject: schedule.id,
    write: create(schedules.of(owner, schedule.id), schedule),
    account: withOneMoreOwned(account, { kind: "schedules", counted, quotas }, now),
  };
}
