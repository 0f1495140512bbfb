/** What is sent when an owner's targets change, or an address has to be confirmed. Pure. */
import { confirmWithinMs } from "../core/incidents/email-confirmation.ts";
import { create, type Write } from "../store/documents.ts";
import { deliveries, type NotificationSettings } from "../store/notifications.ts";
import { newDeliveries } from "./new-deliveries.ts";
import { currentTargets } from "./targets.ts";

interface Asked {
  readonly ownerId: string;
  readonly keyId: string;
  readonly requestId: string;
  readonly now: number;
}

/** Tells all targets that were in force before a change. */
export function changeNotifications(
  before: NotificationSettings,
  { ownerId, keyId, requestId, now }: Asked,
): readonly Write[] {
  const text = [
    "The addresses at which your account hears of incidents were changed.",
    `By: ${keyId}\nAt: ${new Date(now).toISOString()}`,
    "GET /v1/notifications shows the new ones. If this wasn't you, revoke the key and tell us.",
    "Notices of incidents are sent to the earlier addresses for another 30 days.\n",
  ].join("\n\n");
  const told = {
    ...{ purpose: "change" as const, about: ["targets", requestId] as const, ownerId },
    ...{ incidentId: null, anomalyId: null },
    ...{ subject: "Where your account hears of incidents has changed", text, now },
  };
  return newDeliveries(told, currentTargets(before)).map((one) =>
    create(deliveries.doc(one.id), one),
  );
}

/** The mail that has the token; the token itself is added when it is sent. */
export function confirmationMail(
  { address, pepperId, generation }: NonNullable<NotificationSettings["pendingEmail"]>,
  { ownerId, requestId, now }: Omit<Asked, "keyId">,
): Write {
  const text = [
    `Somebody asked that the account ${ownerId} hears of incidents at this address.`,
    "If that was you, send the token below with a key of the account within 24 hours:\n" +
      'POST /v1/notifications/confirm {"token": "…"}',
    "If it wasn't, do nothing: nothing else is sent here.\n",
  ].join("\n\n");
  const told = {
    ...{ purpose: "confirmation" as const, about: ["confirm", requestId] as const, ownerId },
    ...{ incidentId: null, anomalyId: null, subject: "Confirm this address", text, now },
  };
  const where = { channel: "email" as const, target: address, pepperId, generation };
  const [mail] = newDeliveries(told, [{ ...where, since: null, isEarlier: false }]);
  if (!mail) throw new Error("a target has a delivery");
  return create(deliveries.doc(mail.id), mail);
}

/** Whether a mail with a token comes too late to be of use. */
export function isTokenOver({ createdAt }: { readonly createdAt: number }, now: number): boolean {
  return now >= createdAt + confirmWithinMs;
}
