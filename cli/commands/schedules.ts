import * as z from "zod";
import type { Context } from "../context.ts";
import type { ExitCode } from "../exits.ts";
import { findEnvironment } from "./environment-names.ts";
import { changesFrom, textOrStdin, withoutUndefined } from "./given-text.ts";
import { limitOf } from "./limit.ts";
import { type Kind, pathOfNamed, pauseEach, removeEach, resumeEach } from "./named.ts";

const kind: Kind = {
  path: "/schedules",
  one: "schedule",
  many: "schedules",
  id: /^sched_[\w-]{21}$/,
};
const Schedule = z.looseObject({
  id: z.string(),
  name: z.string(),
  task: z.string(),
  environmentId: z.string(),
  environmentName: z.string().nullable(),
  agentId: z.string().nullable(),
  cronExpression: z.string().nullable(),
  scheduledTime: z.string().nullable(),
  timezone: z.string(),
  enabled: z.boolean(),
  pausedReason: z.string().nullable(),
  nextRunAt: z.string().nullable(),
  lastRunAt: z.string().nullable(),
});
type Schedule = z.infer<typeof Schedule>;
const Answer = z.object({ schedule: Schedule });
const Run = z.looseObject({
  id: z.string(),
  status: z.string(),
  scheduledFor: z.string(),
  count: z.number(),
  runId: z.string().nullable(),
  error: z.looseObject({ message: z.string() }).nullable(),
});
const Started = z.looseObject({ runId: z.string(), message: z.string() });

export async function listSchedules(context: Context): Promise<undefined> {
  const client = await context.client();
  const { options, output } = context;
  const named = options.text("env");
  const environmentId = named === undefined ? undefined : await findEnvironment(client, named);
  const query = { environmentId };
  const found = await client.list(kind.path, Schedule, { ...limitOf(context), query });
  if (output.isJson) return void (await output.json(found));
  const rows = found.map((schedule) => [
    schedule.id,
    stateOf(schedule),
    timesOf(schedule),
    schedule.nextRunAt ?? "never",
    schedule.name,
  ]);
  await output.table(["ID", "STATE", "TIMES", "NEXT RUN", "NAME"], rows);
}

/** `paused (budget)` is what the deployment paused, and `paused` what its owner did. */
export function stateOf({
  enabled,
  pausedReason,
}: Pick<Schedule, "enabled" | "pausedReason">): string {
  if (enabled) return "active";
  return pausedReason === null ? "paused" : `paused (${pausedReason})`;
}

function timesOf({ cronExpression, scheduledTime, timezone }: Schedule): string {
  return cronExpression === null ? (scheduledTime ?? "") : `${cronExpression} ${timezone}`;
}

export async function getSchedule(context: Context): Promise<undefined> {
  const client = await context.client();
  const { output } = context;
  const path = await pathOfNamed(client, kind, context.arg(0));
  const { schedule } = await client.call(path, Answer);
  if (output.isJson) return void (await output.json(schedule));
  await output.fields({
    id: schedule.id,
    name: schedule.name,
    state: stateOf(schedule),
    times: timesOf(schedule),
    "next run": schedule.nextRunAt ?? "never",
    "last run": schedule.lastRunAt ?? "never",
    environment: schedule.environmentName ?? schedule.environmentId,
    agent: schedule.agentId ?? "",
  });
  await output.line(`\n${schedule.task.replace(/\n$/, "")}`);
}

export async function createSchedule(context: Context): Promise<undefined> {
  const client = await context.client();
  const { options, output } = context;
  const body = withoutUndefined({
    name: context.arg(0),
    task: await textOrStdin(context.arg(1)),
    environmentId: await findEnvironment(client, options.text("env")),
    ...timing(context),
    missedRuns: options.flag("skipMissed") ? "skip" : undefined,
    enabled: options.flag("paused") ? false : undefined,
  });
  const { schedule } = await client.call(kind.path, Answer, { body });
  if (output.isJson) return void (await output.json(schedule));
  await output.line(schedule.id);
  output.done(`Created ${schedule.name}; it runs next: ${schedule.nextRunAt ?? "never"}.`);
}

function timing({ options }: Context) {
  return {
    agentId: options.text("agent"),
    cronExpression: options.text("cron"),
    scheduledTime: options.text("at"),
    timezone: options.text("timezone"),
  };
}

export async function editSchedule(context: Context): Promise<undefined> {
  const client = await context.client();
  const { options, output } = context;
  const task = options.text("task");
  const body = changesFrom({
    name: options.text("name"),
    task: task === undefined ? undefined : await textOrStdin(task),
    ...timing(context),
  });
  const path = await pathOfNamed(client, kind, context.arg(0));
  const { schedule } = await client.call(path, Answer, { method: "PATCH", body });
  if (output.isJson) return void (await output.json(schedule));
  output.done(`Changed ${schedule.name}; it runs next: ${schedule.nextRunAt ?? "never"}.`);
}

export async function runSchedule(context: Context): Promise<undefined> {
  const client = await context.client();
  const { output } = context;
  const path = await pathOfNamed(client, kind, context.arg(0));
  const started = await client.call(`${path}/trigger`, Started, { method: "POST" });
  if (output.isJson) return void (await output.json(started));
  await output.line(started.runId);
  output.done(`${started.message} paddock logs -f ${started.runId} follows it.`);
}

export async function listScheduleRuns(context: Context): Promise<undefined> {
  const client = await context.client();
  const { output } = context;
  const path = await pathOfNamed(client, kind, context.arg(0));
  const found = await client.list(`${path}/runs`, Run, limitOf(context));
  if (output.isJson) return void (await output.json(found));
  const rows = found.map((run) => [
    run.runId ?? "",
    run.count === 1 ? run.status : `${run.status} ×${run.count}`,
    run.scheduledFor,
    run.error?.message ?? "",
  ]);
  await output.table(["EXECUTION", "STATUS", "DUE", "WHY"], rows);
}

export async function pauseSchedules(context: Context): Promise<ExitCode> {
  return await pauseEach(context, kind);
}

export async function resumeSchedules(context: Context): Promise<ExitCode> {
  return await resumeEach(context, kind);
}

export async function removeSchedules(context: Context): Promise<ExitCode> {
  return await removeEach(context, kind, " and what it says of its runs");
}
