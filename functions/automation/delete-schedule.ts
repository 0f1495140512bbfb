import * as z from "zod";
import { ok, optionalFlag } from "#shared/contract/common";
import { Deleted } from "#shared/contract/deleted";
import { idSchema } from "#shared/core/ids";
import { deletedBody, newDeletion } from "#shared/deletion/deletion-order";
import { finishInRequest } from "#shared/deletion/finish-deletion";
import { ownedDeletion } from "#shared/pipeline/owned-route";
import { change } from "#shared/pipeline/route";
import { deletions } from "#shared/store/deletions";
import { create, remove } from "#shared/store/documents";
import { schedules } from "#shared/store/schedules";

export const deleteSchedule = change({
  endpoint: "DELETE /v1/schedules/:scheduleId",
  summary: "Delete a schedule and the list of its runs; the threads that it made stay.",
  ...ownedDeletion("schedules:write"),
  params: z.object({ scheduleId: idSchema("schedule") }),
  // Clients of the public API ask for it; here nothing that is deleted is only hidden.
  query: z.object({ hard: optionalFlag }),
  audit: "schedule.deleted",
  reply: { 200: Deleted.extend({ scheduleId: z.string() }) },
  read: async ({ caller: { owner }, params: { scheduleId }, deps }) =>
    await deps.store.require(schedules.of(owner, scheduleId)),
  decide({ caller, data: { ref, value, version }, request, now }) {
    const { id } = value;
    const order = newDeletion(caller, { kind: "schedule", id, requestId: request.id, now });
    return {
      writes: [remove(ref, version), create(deletions.doc(id), order)],
      subject: id,
      facts: { runs: value.runCount },
      reply: ok({ ...deletedBody(id, { isErased: false }), scheduleId: id }),
      order,
    };
  },
  // If this process dies here, maintenance finishes the work.
  answerAfter: async ({ caller: { owner }, decided: { order }, deps }) => {
    const isErased = await finishInRequest(deps, owner, order);
    return ok({ ...deletedBody(order.id, { isErased }), scheduleId: order.id });
  },
});
