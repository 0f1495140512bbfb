import * as z from "zod";
import { scheduleBody } from "#shared/answers/schedule-body";
import { ok } from "#shared/contract/common";
import { ScheduleBody } from "#shared/contract/schedule";
import { idSchema } from "#shared/core/ids";
import { ownedRead } from "#shared/pipeline/owned-route";
import { query } from "#shared/pipeline/route";
import { executionStates } from "#shared/schedules/execution-states";
import { schedules } from "#shared/store/schedules";

export const getSchedule = query({
  endpoint: "GET /v1/schedules/:scheduleId",
  summary: "Get a schedule.",
  ...ownedRead("schedules:read"),
  params: z.object({ scheduleId: idSchema("schedule") }),
  reply: { 200: z.object({ schedule: ScheduleBody }) },
  read: async ({ caller: { owner }, params: { scheduleId }, deps: { store } }) => {
    const { value } = await store.require(schedules.of(owner, scheduleId));
    return { value, states: await executionStates(store, owner, value.uncounted) };
  },
  answer: ({ caller: { owner }, data: { value, states } }) =>
    ok({ schedule: scheduleBody(value, { ownerId: owner.id, states }) }),
});
