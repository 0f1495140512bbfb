import * as z from "zod";
import { scheduleBody } from "#shared/answers/schedule-body";
import { noQuery, ok } from "#shared/contract/common";
import { ScheduleBody, ScheduleUpdate } from "#shared/contract/schedule";
import { idSchema } from "#shared/core/ids";
import { existing } from "#shared/environments/body-ids";
import { allInOrder } from "#shared/errors/all-in-order";
import type { Owner } from "#shared/identity/owner";
import { toStartLater } from "#shared/keys/further-scopes";
import { type Callers, change, jsonBytesMax } from "#shared/pipeline/route";
import { executionStates } from "#shared/schedules/execution-states";
import { changedSchedule, changesRuns } from "#shared/schedules/new-schedule";
import { agents } from "#shared/store/agents";
import { patch, present } from "#shared/store/documents";
import { environments } from "#shared/store/environments";
import { schedules } from "#shared/store/schedules";
import type { ReadStore } from "#shared/store/store";

const shared = {
  authenticate: "api-key",
  scope: "schedules:write",
  params: z.object({ scheduleId: idSchema("schedule") }),
  query: noQuery,
  bodyBytesMax: jsonBytesMax,
  requestClass: "writes",
  beforeConfirmed: "reads",
  account: "none",
  audit: "schedule.updated",
  refusals: ["FORBIDDEN"],
  reply: { 200: z.object({ schedule: ScheduleBody }) },
} as const;

export const updateSchedule = change({
  ...shared,
  endpoint: "PATCH /v1/schedules/:scheduleId",
  summary:
    "Change the given fields; what changes what it does or when makes it act with this request's key.",
  body: ScheduleUpdate,
  needsToo: { ...toStartLater, when: changesRuns },
  read: async ({ caller, params: { scheduleId }, body, deps: { store } }) =>
    await readForChange(store, caller, { scheduleId, body }),
  decide: ({ caller, body, data, now }) => decideChange(caller, { body, data, now }),
});

export const enableSchedule = flagRoute(true);
export const disableSchedule = flagRoute(false);

function flagRoute(enabled: boolean) {
  const body: ScheduleUpdate = { enabled };
  return change({
    ...shared,
    endpoint: `PATCH /v1/schedules/:scheduleId/${enabled ? "enable" : "disable"}`,
    summary: enabled
      ? "Enable a schedule from now on, also one that was paused; it acts with this request's key."
      : "Disable a schedule; what it started goes on.",
    body: "none",
    ...(changesRuns(body) ? { needsToo: toStartLater } : {}),
    read: async ({ caller, params: { scheduleId }, deps: { store } }) =>
      await readForChange(store, caller, { scheduleId, body }),
    decide: ({ caller, data, now }) => decideChange(caller, { body, data, now }),
  });
}

type Read = Awaited<ReturnType<typeof readForChange>>;

async function readForChange(
  store: ReadStore,
  { owner }: Callers["api-key"],
  { scheduleId, body }: { readonly scheduleId: string; readonly body: ScheduleUpdate },
) {
  const found = await store.require(schedules.of(owner, scheduleId));
  const [named, states] = await allInOrder([
    readNamed(store, owner, body),
    executionStates(store, owner, found.value.uncounted),
  ]);
  return { ...named, found, states };
}

async function readNamed(store: ReadStore, owner: Owner, body: ScheduleUpdate) {
  const [environment, agent] = await allInOrder([
    existing("environment", body.environmentId, (id) => store.get(environments.of(owner, id))),
    existing("agent", body.agentId, (id) => store.get(agents.of(owner, id))),
  ]);
  return { environment, agent };
}

interface Changing {
  readonly body: ScheduleUpdate;
  readonly data: Read;
  readonly now: number;
}

function decideChange(caller: Callers["api-key"], { body, data, now }: Changing) {
  const { found, states, environment, agent } = data;
  const { ref, value, version } = found;
  const fields = changedSchedule(body, value, {
    keyId: caller.id,
    environment: environment?.value ?? null,
    agentName: agent?.value.name ?? null,
    now,
  });
  const schedule = { ...value, ...fields };
  return {
    writes: [
      patch(ref, fields, { version }),
      ...(environment === null ? [] : [present(environment.ref, environment.value)]),
    ],
    subject: value.id,
    facts: { enabled: schedule.enabled, actsWith: schedule.keyId },
    reply: ok({ schedule: scheduleBody(schedule, { ownerId: caller.owner.id, states }) }),
  };
}
