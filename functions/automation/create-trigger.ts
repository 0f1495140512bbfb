import * as z from "zod";
import { triggerBody } from "#shared/answers/trigger-body";
import { deploymentLimits } from "#shared/config";
import { created, noParams, noQuery } from "#shared/contract/common";
import { TriggerBody, TriggerCreate } from "#shared/contract/trigger";
import { shownSecret } from "#shared/core/incidents/webhook-signature";
import { existing, existingEnvironment } from "#shared/environments/body-ids";
import { environmentWrites } from "#shared/environments/default-environment";
import { allInOrder } from "#shared/errors/all-in-order";
import { ApiError } from "#shared/errors/api-error";
import { toStartLater } from "#shared/keys/further-scopes";
import { change, jsonBytesMax } from "#shared/pipeline/route";
import { countOwnedIfRepeated, withOneMoreOwned } from "#shared/quotas/owned-resources";
import { agents } from "#shared/store/agents";
import { create } from "#shared/store/documents";
import { environments } from "#shared/store/environments";
import { type Trigger, triggers } from "#shared/store/triggers";
import { secretOf, webhookUrlOf } from "#shared/triggers/webhook-access";
import { newTrigger } from "./new-trigger.ts";

export const createTrigger = change({
  endpoint: "POST /v1/triggers",
  summary:
    "Create a trigger, which webhooks start with this key; its secret is shown in this answer alone.",
  authenticate: "api-key",
  scope: "schedules:write",
  needsToo: toStartLater,
  params: noParams,
  query: noQuery,
  body: TriggerCreate,
  bodyBytesMax: jsonBytesMax,
  requestClass: "writes",
  beforeConfirmed: "reads",
  account: "quota",
  audit: "trigger.created",
  refusals: ["FORBIDDEN"],
  reply: { 201: z.object({ trigger: TriggerBody }) },
  read: async ({ caller: { owner }, body, repeated, deps: { store } }) => {
    const { environmentId, agentId } = body;
    const [counted, found] = await allInOrder([
      countOwnedIfRepeated(store, owner, { kind: "triggers", repeated }),
      existingEnvironment(environmentId, (id) => store.get(environments.of(owner, id))),
      existing("agent", agentId, (id) => store.get(agents.of(owner, id))),
    ]);
    return { counted, found };
  },
  decide({ caller: { owner, key }, body, data: { counted, found }, account, ids, now }) {
    const { quotas } = deploymentLimits();
    const trigger = newTrigger(body, { id: ids.next("trigger"), keyId: key.id, now });
    return {
      writes: [...environmentWrites(owner, found), create(triggers.of(owner, trigger.id), trigger)],
      account: withOneMoreOwned(account, { kind: "triggers", counted, quotas }, now),
      subject: trigger.id,
      facts: { environmentId: trigger.environmentId, source: trigger.source },
      reply: created({ trigger: withSecret(trigger, owner.id) }),
    };
  },
});

/** The body that shows the secret. */
export function withSecret(trigger: Trigger, ownerId: string) {
  const secret = secretOf(trigger);
  if (!secret) throw new ApiError("INTERNAL_ERROR", { cause: "the current pepper is missing" });
  const url = webhookUrlOf(ownerId, trigger);
  return triggerBody(trigger, { ownerId, url, secret: shownSecret(secret) });
}
