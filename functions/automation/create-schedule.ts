import * as z from "zod";
import { scheduleBody } from "#shared/answers/schedule-body";
import { deploymentLimits } from "#shared/config";
import { created, noParams, noQuery } from "#shared/contract/common";
import { ScheduleBody, ScheduleCreate } from "#shared/contract/schedule";
import { existing, existingEnvironment } from "#shared/environments/body-ids";
import {
  ensureDefault,
  environmentWrites,
  findDefault,
} from "#shared/environments/default-environment";
import { allInOrder } from "#shared/errors/all-in-order";
import { toStartLater } from "#shared/keys/further-scopes";
import { change, jsonBytesMax } from "#shared/pipeline/route";
import { countOwnedIfRepeated, withOneMoreOwned } from "#shared/quotas/owned-resources";
import { newSchedule } from "#shared/schedules/new-schedule";
import { agents } from "#shared/store/agents";
import { create } from "#shared/store/documents";
import { environments } from "#shared/store/environments";
import { schedules } from "#shared/store/schedules";

export const createSchedule = change({
  endpoint: "POST /v1/schedules",
  summary: "Create a schedule, which starts its task in a new thread each time, with this key.",
  authenticate: "api-key",
  scope: "schedules:write",
  needsToo: toStartLater,
  params: noParams,
  query: noQuery,
  body: ScheduleCreate,
  bodyBytesMax: jsonBytesMax,
  requestClass: "writes",
  beforeConfirmed: "reads",
  account: "quota",
  audit: "schedule.created",
  refusals: ["FORBIDDEN"],
  reply: { 201: z.object({ schedule: ScheduleBody }) },
  read: async ({ caller: { owner }, body, repeated, now, deps: { store } }) => {
    const { environmentId: id, agentId } = body;
    const [counted, agent, found] = await allInOrder([
      countOwnedIfRepeated(store, owner, { kind: "schedules", repeated }),
      existing("agent", agentId, async (agentId) => await store.get(agents.of(owner, agentId))),
      id === undefined || id === null
        ? findDefault(store, owner, now)
        : existingEnvironment(id, (id) => store.get(environments.of(owner, id))),
    ]);
    return { counted, agent, found };
  },
  prepare: async ({ caller, data: { found, ...read }, request, deps, now }) => {
    const beside = { actor: { type: caller.type, id: caller.id }, requestId: request.id };
    const made = await ensureDefault(deps.keyStore, caller.owner, { found, now, beside });
    return { ...read, ...made };
  },
  decide({ caller: { owner, key }, body, data, account, ids, now }) {
    const { counted, environment } = data;
    const { quotas } = deploymentLimits();
    const agentName = data.agent?.value.name ?? null;
    const id = ids.next("schedule");
    const schedule = newSchedule(body, { id, key, environment, agentName, now });
    return {
      writes: [...environmentWrites(owner, data), create(schedules.of(owner, id), schedule)],
      account: withOneMoreOwned(account, { kind: "schedules", counted, quotas }, now),
      subject: id,
      facts: { environmentId: environment.id, scheduleType: schedule.scheduleType },
      reply: created({
        schedule: scheduleBody(schedule, { ownerId: owner.id, states: new Map() }),
      }),
    };
  },
});
