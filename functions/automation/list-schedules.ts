import * as z from "zod";
import { scheduleBody } from "#shared/answers/schedule-body";
import { noParams, ok, optionalFlag } from "#shared/contract/common";
import { cursorListBody, cursorListOf, cursorQuery, notBoth } from "#shared/contract/cursor";
import { ScheduleBody } from "#shared/contract/schedule";
import { idSchema } from "#shared/core/ids";
import { scheduleTypes } from "#shared/core/schedules/words";
import { allInOrder } from "#shared/errors/all-in-order";
import { ownedRead } from "#shared/pipeline/owned-route";
import { query } from "#shared/pipeline/route";
import { executionStates } from "#shared/schedules/execution-states";
import { agents } from "#shared/store/agents";
import { environments } from "#shared/store/environments";
import { readByCursor } from "#shared/store/read-by-cursor";
import { schedules } from "#shared/store/schedules";

const SchedulesQuery = cursorQuery("schedule").extend({
  enabled: optionalFlag,
  agentId: idSchema("agent").optional(),
  environmentId: idSchema("environment").optional(),
  scheduleType: z.enum(scheduleTypes).optional(),
  appId: z.string().max(200).optional(),
});

export const listSchedules = query({
  endpoint: "GET /v1/schedules",
  summary: "The account's schedules, newest first, by any of the filters.",
  ...ownedRead("schedules:read"),
  params: noParams,
  query: SchedulesQuery.refine(...notBoth),
  reply: { 200: cursorListOf(ScheduleBody) },
  read: async ({ caller: { owner }, query, deps: { store } }) => {
    const { limit, offset, cursor, ...filters } = query;
    const { agentId, environmentId } = query;
    const where = Object.entries(filters).flatMap(([field, value]) =>
      value === undefined ? [] : [[field, value] as const],
    );
    const [page] = await allInOrder([
      readByCursor(store, schedules.all(owner), { where, order: "desc", limit, offset, cursor }),
      // An id of another owner is answered 404, as everywhere.
      environmentId === undefined ? null : store.require(environments.of(owner, environmentId)),
      agentId === undefined ? null : store.require(agents.of(owner, agentId)),
    ]);
    const uncounted = page.items.flatMap((schedule) => schedule.uncounted);
    return { page, states: await executionStates(store, owner, uncounted) };
  },
  answer({ caller: { owner }, data: { page, states } }) {
    return ok(
      cursorListBody(page, (schedule) => scheduleBody(schedule, { ownerId: owner.id, states })),
    );
  },
});
