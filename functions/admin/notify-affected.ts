import * as z from "zod";
import { exactObject } from "#shared/contract/exact";
import { noticeText } from "#shared/core/incidents/notice";
import { allInOrder } from "#shared/errors/all-in-order";
import { ApiError } from "#shared/errors/api-error";
import { affectedMax } from "#shared/incidents/open-incident";
import { newDeliveries, unreachable } from "#shared/notifications/new-deliveries";
import { noticeTargets } from "#shared/notifications/targets";
import { auditedOwner } from "#shared/owners/act-on-owner";
import { create } from "#shared/store/documents";
import {
  deliveries,
  notificationSettings,
  notificationSettingsId,
} from "#shared/store/notifications";
import { owners } from "#shared/store/owners";
import { incidentStep } from "./incident-step.ts";

/** A commit has room for 400 writes, two of which are the incident and its row. */
const deliveriesMax = 390;
const Profile = z.object({ id: z.string() });

export const notifyAffected = incidentStep({
  endpoint: "POST /v1/admin/incidents/:incidentId/notify",
  summary: "Tell everybody affected what the notice says, by mail and webhook; it ends the clock.",
  audit: "incident.notified",
  body: exactObject({}),
  read: async ({ store }, _body, { ownerIds }) => {
    const some = ownerIds.slice(0, affectedMax);
    if (some.length === 0) return [];
    const refs = some.map((id) =>
      notificationSettings.of(auditedOwner(id), notificationSettingsId),
    );
    const [found, profiles] = await allInOrder([
      store.getAll(...refs),
      store.getParts(
        Profile,
        some.map((id) => owners.doc(id)),
      ),
    ]);
    return found.map(({ value }, index) => ({ settings: value, exists: profiles[index] !== null }));
  },
  step(incident, { data, now }) {
    const { id, notice, ownerIds, notices, notifiedAt, openedAt } = incident;
    if (notice === null) throw refused("Write the notice first.");
    if (ownerIds.length === 0) throw refused("The incident names nobody who is affected.");
    if (ownerIds.length > affectedMax) throw refused("The incident concerns too many accounts.");
    const subject = "An incident concerns your account";
    const text = noticeText(notice);
    // Targets that were replaced come last, where there is no room for all of them.
    const eachMax = Math.floor(deliveriesMax / ownerIds.length);
    const told = ownerIds.flatMap((ownerId, index) => {
      const { settings = null, exists = false } = data[index] ?? {};
      // Nothing is written for an account that is erased.
      if (!exists) return [];
      const about = [id, String(notices)] as const;
      const where = { incidentId: id, anomalyId: null };
      const one = { purpose: "notice" as const, about, ownerId, ...where, subject, text, now };
      const targets = noticeTargets(settings, { openedAt, now }).slice(0, eachMax);
      return targets.length > 0 ? newDeliveries(one, targets) : [unreachable(one)];
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
