import * as z from "zod";
import { triggerBody } from "#shared/answers/trigger-body";
import { peppers } from "#shared/config";
import { noQuery, ok } from "#shared/contract/common";
import { Deleted } from "#shared/contract/deleted";
import { TriggerBody, TriggerUpdate } from "#shared/contract/trigger";
import { idSchema } from "#shared/core/ids";
import { deletedBody, newDeletion } from "#shared/deletion/deletion-order";
import { finishInRequest } from "#shared/deletion/finish-deletion";
import { existing } from "#shared/environments/body-ids";
import { toStartLater } from "#shared/keys/further-scopes";
import { type Callers, change, jsonBytesMax } from "#shared/pipeline/route";
import { agents } from "#shared/store/agents";
import { deletions } from "#shared/store/deletions";
import { create, patch, remove } from "#shared/store/documents";
import type { FoundDocument } from "#shared/store/read-document";
import type { ReadStore } from "#shared/store/store";
import { triggers } from "#shared/store/triggers";
import { webhookUrlOf } from "#shared/triggers/webhook-access";
import { withSecret } from "./create-trigger.ts";
import { changedTrigger, takesOver } from "./new-trigger.ts";

const shared = {
  authenticate: "api-key",
  scope: "schedules:write",
  params: z.object({ triggerId: idSchema("trigger") }),
  query: noQuery,
  requestClass: "writes",
  beforeConfirmed: "reads",
  account: "none",
} as const;
const changing = {
  ...shared,
  bodyBytesMax: jsonBytesMax,
  audit: "trigger.updated",
  refusals: ["FORBIDDEN"],
  reply: { 200: z.object({ trigger: TriggerBody }) },
} as const;

type Found = FoundDocument<typeof triggers.schema>;

export const updateTrigger = change({
  ...changing,
  endpoint: "PATCH /v1/triggers/:triggerId",
  summary:
    "Change the given fields; what changes what it does makes it act with this request's key.",
  body: TriggerUpdate,
  needsToo: { ...toStartLater, when: takesOver },
  read: async ({ caller, params: { triggerId }, body, deps: { store } }) => {
    const found = await readForChange(store, caller, { triggerId });
    await existing("agent", body.agentId, (id) => store.get(agents.of(caller.owner, id)));
    return found;
  },
  decide: ({ caller, body, data, now }) => decideChange(caller, { body, data, now }),
});

export const enableTrigger = flagRoute(true);
export const disableTrigger = flagRoute(false);

function flagRoute(enabled: boolean) {
  const body: TriggerUpdate = { enabled };
  return change({
    ...changing,
    endpoint: `PATCH /v1/triggers/:triggerId/${enabled ? "enable" : "disable"}`,
    summary: enabled
      ? "Enable a trigger, also one that was paused; it acts with this request's key."
      : "Disable a trigger: what it is sent is recorded, and starts nothing.",
    body: "none",
    ...(takesOver(body) ? { needsToo: toStartLater } : {}),
    read: async ({ caller, params: { triggerId }, deps: { store } }) =>
      await readForChange(store, caller, { triggerId }),
    decide: ({ caller, data, now }) => decideChange(caller, { body, data, now }),
  });
}

export const rotateTriggerSecret = change({
  ...changing,
  endpoint: "POST /v1/triggers/:triggerId/rotate-secret",
  summary:
    "Give a trigger a new address and secret, shown in this answer alone; it acts with this request's key.",
  body: "none",
  // Who knows the secret starts executions, also after the key that asked for it was revoked.
  needsToo: toStartLater,
  read: async ({ caller: { owner }, params: { triggerId }, deps: { store } }) =>
    await store.require(triggers.of(owner, triggerId)),
  decide({ caller: { id: keyId, owner }, data: { ref, value, version }, now }) {
    const generation = value.generation + 1;
    const fields = { generation, pepperId: peppers().current, keyId, updatedAt: now };
    return {
      writes: [patch(ref, fields, { version })],
      subject: value.id,
      facts: { generation, actsWith: keyId },
      reply: ok({ trigger: withSecret({ ...value, ...fields }, owner.id) }),
    };
  },
});

async function readForChange(
  store: ReadStore,
  { owner }: Callers["api-key"],
  { triggerId }: { readonly triggerId: string },
): Promise<Found> {
  return await store.require(triggers.of(owner, triggerId));
}

function decideChange(
  { id: keyId, owner }: Callers["api-key"],
  { body, data, now }: { readonly body: TriggerUpdate; readonly data: Found; readonly now: number },
) {
  const { ref, value, version } = data;
  const fields = changedTrigger(body, value, { keyId, now });
  const trigger = { ...value, ...fields };
  const url = webhookUrlOf(owner.id, trigger);
  return {
    writes: [patch(ref, fields, { version })],
    subject: value.id,
    facts: { enabled: trigger.enabled, actsWith: trigger.keyId },
    reply: ok({ trigger: triggerBody(trigger, { ownerId: owner.id, url }) }),
  };
}

export const deleteTrigger = change({
  ...shared,
  endpoint: "DELETE /v1/triggers/:triggerId",
  summary: "Delete a trigger and the list of its deliveries; the threads that it made stay.",
  body: "none",
  bodyBytesMax: 0,
  audit: "trigger.deleted",
  reply: { 200: Deleted.extend({ triggerId: z.string() }) },
  read: async ({ caller: { owner }, params: { triggerId }, deps }) =>
    await deps.store.require(triggers.of(owner, triggerId)),
  decide({ caller, data: { ref, value, version }, request, now }) {
    const { id } = value;
    const order = newDeletion(caller, { kind: "trigger", id, requestId: request.id, now });
    return {
      writes: [remove(ref, version), create(deletions.doc(id), order)],
      subject: id,
      facts: { source: value.source },
      reply: ok({ ...deletedBody(id, { isErased: false }), triggerId: id }),
      order,
    };
  },
  // If this process dies here, maintenance finishes the work.
  answerAfter: async ({ caller: { owner }, decided: { order }, deps }) => {
    const isErased = await finishInRequest(deps, owner, order);
    return ok({ ...deletedBody(order.id, { isErased }), triggerId: order.id });
  },
});
