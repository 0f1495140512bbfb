import { exactObject } from "#shared/contract/exact";
import { noticeText } from "#shared/core/incidents/notice";
import { ApiError } from "#shared/errors/api-error";
import { newDeliveries, unreachable } from "#shared/notifications/new-deliveries";
import { auditedOwner } from "#shared/owners/act-on-owner";
import { create } from "#shared/store/documents";
import {
  channels,
  deliveries,
  notificationSettings,
  notificationSettingsId,
} from "#shared/store/notifications";
import { incidentStep } from "./incident-step.ts";

/** A commit has room for 400 writes, and an owner has two channels. */
const ownersMax = 180;

export const notifyAffected = incidentStep({
  endpoint: "POST /v1/admin/incidents/:incidentId/notify",
  summary: "Tell everybody affected what the notice says, by mail and webhook; it ends the clock.",
  audit: "incident.notified",
  body: exactObject({}),
  read: async ({ store }, _body, { ownerIds }) => {
    const refs = ownerIds
      .slice(0, ownersMax)
      .map((id) => notificationSettings.of(auditedOwner(id), notificationSettingsId));
    const found = refs.length === 0 ? [] : await store.getAll(...refs);
    return found.map(({ value }) => value);
  },
  step(incident, { data: settings, now }) {
    const { id, notice, ownerIds, notices, notifiedAt } = incident;
    if (notice === null) throw refused("Write the notice first.");
    if (ownerIds.length === 0) throw refused("The incident names nobody who is affected.");
    if (ownerIds.length > ownersMax) throw refused("The incident concerns too many accounts.");
    const subject = "An incident concerns your account";
    const text = noticeText(notice);
    const told = ownerIds.flatMap((ownerId, index) => {
      const about = [id, String(notices)] as const;
      const one = { about, ownerId, incidentId: id, anomalyId: null, subject, text, now };
      const sent = newDeliveries(one, settings[index] ?? null, channels);
      return sent.length > 0 ? sent : [unreachable(one)];
    });
    return {
      changes: { notices: notices + 1, notifiedAt: notifiedAt ?? now, remindAt: null },
      note: null,
      facts: { notifications: told.length, affected: ownerIds.length },
      writes: told.map((delivery) => create(deliveries.doc(delivery.id), delivery)),
    };
  },
});

function refused(message: string): ApiError {
  return new ApiError("CONFLICT", { message });
}
