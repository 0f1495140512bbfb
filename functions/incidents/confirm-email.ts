import { notificationBody } from "#shared/answers/notification-body";
import { peppers } from "#shared/config";
import { noParams, noQuery, ok } from "#shared/contract/common";
import { EmailConfirmation, NotificationBody } from "#shared/contract/notification";
import { isEmailToken } from "#shared/core/incidents/email-confirmation";
import { ApiError } from "#shared/errors/api-error";
import { requireAllEnvironments } from "#shared/keys/environment-bounds";
import { changeNotifications } from "#shared/notifications/target-notifications";
import { withTargets } from "#shared/notifications/targets";
import { change } from "#shared/pipeline/route";
import { replace } from "#shared/store/documents";
import { notificationSettings, notificationSettingsId } from "#shared/store/notifications";

/** The token is in the body, because URLs are logged. */
export const confirmEmail = change({
  endpoint: "POST /v1/notifications/confirm",
  summary: "Confirm an address by the token that was sent there; from then on notices go there.",
  authenticate: "api-key",
  scope: "account:write",
  params: noParams,
  query: noQuery,
  body: EmailConfirmation,
  bodyBytesMax: 1_024,
  requestClass: "writes",
  repeating: "harmless",
  beforeConfirmed: "reads",
  account: "none",
  audit: "notifications.email_confirmed",
  refusals: ["NOT_FOUND", "CONFLICT"],
  reply: { 200: NotificationBody },
  read: async ({ caller: { owner }, deps: { store } }) => {
    requireAllEnvironments(owner, "Notifications concern the whole account.");
    return await store.require(notificationSettings.of(owner, notificationSettingsId));
  },
  /** @throws {ApiError} `CONFLICT` for another token, and for one that is used or has expired. */
  decide({ caller, body: { token }, data: { ref, value, version }, request, now }) {
    const { id: ownerId } = caller.owner;
    const { pendingEmail: pending } = value;
    const root = pending && now < pending.expiresAt ? peppers().keys[pending.pepperId] : undefined;
    if (!pending || !root || !isEmailToken(root, { ownerId, ...pending }, token)) {
      const message = "That isn't the token of an address that waits; ask for another one.";
      throw new ApiError("CONFLICT", { message });
    }
    const changes = { email: pending.address, emailConfirmedAt: now, pendingEmail: null };
    const { next, replaced } = withTargets(value, changes, now);
    const asking = { ownerId, keyId: caller.id, requestId: request.id, now };
    return {
      writes: [replace(ref, version, next), ...changeNotifications(value, asking)],
      subject: ownerId,
      facts: { replaced: replaced.length },
      reply: ok(notificationBody(next, now)),
    };
  },
});
