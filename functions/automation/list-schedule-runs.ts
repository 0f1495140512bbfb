import * as z from "zod";
import { scheduleRunBody } from "#shared/answers/schedule-body";
import { ok } from "#shared/contract/common";
import { cursorListBody, cursorListOf, cursorQuery, notBoth } from "#shared/contract/cursor";
import { ScheduleRunBody } from "#shared/contract/schedule";
import { idSchema } from "#shared/core/ids";
import { retention } from "#shared/core/retention/retention-table";
import { allInOrder } from "#shared/errors/all-in-order";
import { ownedRead } from "#shared/pipeline/owned-route";
import { query } from "#shared/pipeline/route";
import { executionStates } from "#shared/schedules/execution-states";
import { readByCursor } from "#shared/store/read-by-cursor";
import { scheduleRuns, schedules } from "#shared/store/schedules";

export const listScheduleRuns = query({
  endpoint: "GET /v1/schedules/:scheduleId/runs",
  summary: "What a schedule started, missed or was refused in the last 30 days, newest first.",
  ...ownedRead("schedules:read"),
  params: z.object({ scheduleId: idSchema("schedule") }),
  query: cursorQuery("scheduleRun").refine(...notBoth),
  reply: { 200: cursorListOf(ScheduleRunBody) },
  read: async ({ caller: { owner }, params: { scheduleId }, query, now, deps: { store } }) => {
    const from = now - retention.automationLogs.keptMs;
    const kept = { field: "createdAt", from, to: undefined };
    const [, page] = await allInOrder([
      store.require(schedules.of(owner, scheduleId)),
      readByCursor(store, scheduleRuns.all(owner, scheduleId), {
        ...query,
        between: kept,
        order: "desc",
      }),
    ]);
    const ids = page.items.flatMap(({ executionId: id }) => (id === null ? [] : [id]));
    return { page, states: await executionStates(store, owner, ids) };
  },
  answer: ({ params: { scheduleId }, data: { page, states } }) =>
    ok(cursorListBody(page, (run) => scheduleRunBody(run, { scheduleId, states }))),
});
