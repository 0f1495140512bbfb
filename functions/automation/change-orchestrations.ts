import * as z from "zod";
import { orchestrationBody } from "#shared/answers/orchestration-body";
import { noQuery, ok } from "#shared/contract/common";
import { Deleted } from "#shared/contract/deleted";
import { OrchestrationBody, OrchestrationUpdate } from "#shared/contract/orchestration";
import { Warnings } from "#shared/contract/unsupported";
import { idSchema } from "#shared/core/ids";
import { deletedBody, newDeletion } from "#shared/deletion/deletion-order";
import { finishInRequest } from "#shared/deletion/finish-deletion";
import { allInOrder } from "#shared/errors/all-in-order";
import { toStartLater } from "#shared/keys/further-scopes";
import { changedOrchestration, changesRuns } from "#shared/orchestrations/new-orchestration";
import { ownedDeletion } from "#shared/pipeline/owned-route";
import { change, jsonBytesMax } from "#shared/pipeline/route";
import { deletions } from "#shared/store/deletions";
import { create, patch, remove } from "#shared/store/documents";
import { orchestrations } from "#shared/store/orchestrations";
import { coordinatorWarnings, requireAgents } from "./orchestration-agents.ts";

const params = z.object({ orchestrationId: idSchema("orchestration") });

export const updateOrchestration = change({
  endpoint: "PATCH /v1/orchestrations/:orchestrationId",
  summary: "Change the given fields; runs that have begun go on as they were.",
  authenticate: "api-key",
  scope: "schedules:write",
  needsToo: { ...toStartLater, when: changesRuns },
  params,
  query: noQuery,
  body: OrchestrationUpdate,
  bodyBytesMax: jsonBytesMax,
  requestClass: "writes",
  beforeConfirmed: "reads",
  account: "none",
  audit: "orchestration.updated",
  reply: { 200: z.object({ orchestration: OrchestrationBody, warnings: Warnings }) },
  read: async ({ caller: { owner }, params: { orchestrationId }, body, deps: { store } }) => {
    const [found] = await allInOrder([
      store.require(orchestrations.of(owner, orchestrationId)),
      requireAgents(store, owner, body),
    ]);
    return found;
  },
  decide({ caller: { owner }, body, data: { ref, value, version }, ids, now }) {
    const newStepId = () => ids.next("orchestrationStep");
    const fields = changedOrchestration(body, value, { newStepId, now });
    const orchestration = { ...value, ...fields };
    return {
      writes: [patch(ref, fields, { version })],
      subject: value.id,
      facts: { status: orchestration.status, steps: orchestration.steps.length },
      reply: ok({
        orchestration: orchestrationBody(orchestration, owner.id),
        warnings: coordinatorWarnings(body),
      }),
    };
  },
});

export const deleteOrchestration = change({
  ...ownedDeletion("schedules:write"),
  endpoint: "DELETE /v1/orchestrations/:orchestrationId",
  summary: "Delete an orchestration and its runs, which are stopped; their threads stay.",
  params,
  audit: "orchestration.deleted",
  reply: { 200: Deleted.extend({ orchestrationId: z.string() }) },
  read: async ({ caller: { owner }, params: { orchestrationId }, deps }) =>
    await deps.store.require(orchestrations.of(owner, orchestrationId)),
  decide({ caller, data: { ref, value, version }, request, now }) {
    const { id } = value;
    const order = newDeletion(caller, { kind: "orchestration", id, requestId: request.id, now });
    return {
      writes: [remove(ref, version), create(deletions.doc(id), order)],
      subject: id,
      facts: { steps: value.steps.length },
      reply: ok({ ...deletedBody(id, { isErased: false }), orchestrationId: id }),
      order,
    };
  },
  // If this process dies here, maintenance finishes the work.
  answerAfter: async ({ caller: { owner }, decided: { order }, deps }) => {
    const isErased = await finishInRequest(deps, owner, order);
    return ok({ ...deletedBody(order.id, { isErased }), orchestrationId: order.id });
  },
});
