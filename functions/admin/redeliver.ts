import * as z from "zod";
import { deliveryBody } from "#shared/answers/incident-body";
import { noQuery, ok } from "#shared/contract/common";
import { DeliveryBody } from "#shared/contract/incident";
import { idSchema } from "#shared/core/ids";
import { ApiError } from "#shared/errors/api-error";
import { operatorsTrail } from "#shared/identity/owner";
import { type Channel, currentTargets, type Target } from "#shared/notifications/targets";
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
  refusals: ["CONFLICT"],
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
    if (value.purpose === "confirmation") {
      throw new ApiError("CONFLICT", { message: "Its owner must ask for the address again." });
    }
    const targets = currentTargets(settings);
    const current = value.channel === null ? targets[0] : targets.find(isOf(value.channel));
    // One that was replaced is told what was meant for it, and not who has replaced it.
    if (!value.isEarlier && !current) {
      throw new ApiError("CONFLICT", { message: "Its owner has named no way to be reached." });
    }
    const target = value.isEarlier || !current ? {} : targetFields(current);
    const again = { ...target, state: "waiting" as const, dueAt: now };
    const next = { ...value, ...again, attempts: [], confirmedAt: null };
    return {
      writes: [replace(ref, version, next)],
      subject: value.id,
      facts: { channel: next.channel, incidentId: value.incidentId },
      reply: ok(deliveryBody(next)),
    };
  },
});

const isOf =
  (channel: Channel) =>
  (target: Target): boolean =>
    target.channel === channel;

function targetFields({ channel, target, pepperId, generation, since }: Target) {
  return { channel, target, pepperId, generation, targetSince: since };
}
