import * as z from "zod";
import { deliveryBody } from "#shared/answers/incident-body";
import { noQuery, ok } from "#shared/contract/common";
import { DeliveryBody } from "#shared/contract/incident";
import { idSchema } from "#shared/core/ids";
import { ApiError } from "#shared/errors/api-error";
import { operatorsTrail } from "#shared/identity/owner";
import { auditedOwner } from "#shared/owners/act-on-owner";
import { change, jsonBytesMax } from "#shared/pipeline/route";
import { replace } from "#shared/store/documents";
import {
  deliveries,
  notificationSettings,
  notificationSettingsId,
} from "#shared/store/notifications";

export const redeliver = change({
  endpoint: "POST /v1/admin/deliveries/:deliveryId/redeliver",
  summary: "Send a notification again at once, to where its owner is reached now.",
  authenticate: "operator",
  scope: "none",
  params: z.object({ deliveryId: idSchema("delivery") }),
  query: noQuery,
  body: "none",
  bodyBytesMax: jsonBytesMax,
  requestClass: "writes",
  beforeConfirmed: "reads",
  account: "none",
  audit: "notification.redelivered",
  reply: { 200: DeliveryBody },
  read: async ({ params: { deliveryId }, deps: { store } }) => {
    const found = await store.require(deliveries.doc(deliveryId));
    const owner = auditedOwner(found.value.ownerId);
    const settings = await store.get(notificationSettings.of(owner, notificationSettingsId));
    return { found, settings: settings.value };
  },
  actsOn: () => operatorsTrail(),
  decide({ data: { found, settings }, now }) {
    const { ref, value, version } = found;
    const channel = value.channel ?? (settings?.email ? "email" : "webhook");
    const target = channel === "email" ? settings?.email : settings?.webhookUrl;
    if (!settings || !target) {
      throw new ApiError("CONFLICT", { message: "Its owner has named no way to be reached." });
    }
    const { webhookPepperId: pepperId, webhookGeneration: generation } = settings;
    const again = { channel, target, pepperId, generation, state: "waiting" as const, dueAt: now };
    const next = { ...value, ...again, attempts: [], confirmedAt: null };
    return {
      writes: [replace(ref, version, next)],
      subject: value.id,
      facts: { channel, incidentId: value.incidentId },
      reply: ok(deliveryBody(next)),
    };
  },
});
