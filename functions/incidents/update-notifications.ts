import { noSettings, notificationBody } from "#shared/answers/notification-body";
import { noParams, noQuery, ok } from "#shared/contract/common";
import { NotificationBody, NotificationUpdate } from "#shared/contract/notification";
import { addressDayId, confirmWithinMs } from "#shared/core/incidents/email-confirmation";
import { shownSecret, webhookSecret } from "#shared/core/incidents/webhook-signature";
import { expiryOf } from "#shared/core/retention/expiry";
import { dayMs } from "#shared/core/retention/periods";
import { requireAllEnvironments } from "#shared/keys/environment-bounds";
import { changeNotifications, confirmationMail } from "#shared/notifications/target-notifications";
import { countAsked, tooOften, withTargets } from "#shared/notifications/targets";
import { resolveWebhook } from "#shared/notifications/webhook-address";
import { change, jsonBytesMax } from "#shared/pipeline/route";
import { createOrReplace } from "#shared/store/documents";
import {
  mailConfirmations,
  type NotificationSettings,
  notificationSettings,
  notificationSettingsId,
} from "#shared/store/notifications";
import { currentPepper } from "./current-pepper.ts";

/** Mails that ask for a confirmation, to one address on one day, for all accounts. */
const mailsPerAddressMax = 3;

export const updateNotifications = change({
  endpoint: "PUT /v1/notifications",
  summary: "Choose how the account hears of incidents and anomalies; a new URL gets a new secret.",
  authenticate: "api-key",
  scope: "account:write",
  params: noParams,
  query: noQuery,
  body: NotificationUpdate,
  bodyBytesMax: jsonBytesMax,
  requestClass: "writes",
  // It looks a name up, which a revoked key mustn't cause.
  beforeConfirmed: "nothing",
  account: "none",
  audit: "notifications.updated",
  reply: { 200: NotificationBody },
  read: async ({ caller: { owner }, body: { email, webhookUrl }, deps: { store }, now }) => {
    requireAllEnvironments(owner, "Notifications concern the whole account.");
    if (webhookUrl) await resolveWebhook(webhookUrl);
    const { root } = currentPepper();
    const mailsId = addressDayId(root, email ?? "", Math.floor(now / dayMs));
    const [settings, mails] = await store.getAll(
      notificationSettings.of(owner, notificationSettingsId),
      mailConfirmations.doc(mailsId),
    );
    return { settings, mails };
  },
  /**
   * @throws {ApiError} `RATE_LIMITED` if others were asked for too often today, `CONFLICT` if too
   * many were replaced lately.
   */
  decide({ caller, body, data: { settings, mails }, request, now }) {
    const { id: ownerId } = caller.owner;
    const before = settings.value ?? noSettings;
    const asking = { ownerId, keyId: caller.id, requestId: request.id, now };
    const mail = pendingMail(before, body.email, asking);
    const hook = newWebhook(before, body.webhookUrl, now);
    const asked = mail.isNew || hook.isNew ? { asked: countAsked(before, now) } : {};
    const { spending = before.spending, networks = before.networks } = body.anomalies ?? {};
    const { refusals = before.refusals } = body.anomalies ?? {};
    const chosen = { spending, networks, refusals, ...mail.changes, ...hook.changes, ...asked };
    const { next, replaced } = withTargets(before, chosen, now);
    const answer = notificationBody(next, now);
    const writes = [createOrReplace(settings.ref, settings.version, next)];
    if (replaced.length > 0 || hook.isNew) writes.push(...changeNotifications(before, asking));
    if (mail.isNew && next.pendingEmail) {
      const count = (mails.value?.count ?? 0) + 1;
      if (count > mailsPerAddressMax) throw tooOften(now);
      const expireAt = expiryOf("mailCounts", now);
      writes.push(createOrReplace(mails.ref, mails.version, { v: 1, count, expireAt }));
      writes.push(confirmationMail(next.pendingEmail, asking));
    }
    const { root } = currentPepper();
    const secret = webhookSecret(root, ownerId, next.webhookGeneration);
    return {
      writes,
      subject: ownerId,
      facts: {
        hasEmail: answer.email !== null,
        asksForEmail: mail.isNew,
        hasWebhook: next.webhookUrl !== null,
        replaced: replaced.length,
        spending: spending.join(" "),
        networks: networks.join(" "),
        refusals: refusals.join(" "),
      },
      reply: ok(hook.isNew ? { ...answer, webhookSecret: shownSecret(secret) } : answer),
    };
  },
});

/** @param email Undefined leaves everything as it is; the current one takes a request back. */
function pendingMail(
  before: NotificationSettings,
  email: string | null | undefined,
  { now }: { readonly now: number },
): TargetChange {
  if (email === undefined) return unchanged;
  const none = { email: null, emailConfirmedAt: null, pendingEmail: null };
  if (email === null) return { isNew: false, changes: none };
  const isCurrent = email === before.email && before.emailConfirmedAt !== null;
  if (isCurrent) return { isNew: false, changes: { pendingEmail: null } };
  const { id: pepperId } = currentPepper();
  const generation = before.asked.ever + 1;
  const pendingEmail = { address: email, pepperId, generation, expiresAt: now + confirmWithinMs };
  return { isNew: true, changes: { pendingEmail } };
}

function newWebhook(
  before: NotificationSettings,
  webhookUrl: string | null | undefined,
  now: number,
): TargetChange {
  if (webhookUrl === undefined || webhookUrl === before.webhookUrl) return unchanged;
  if (webhookUrl === null) return { isNew: false, changes: { webhookUrl, webhookSince: null } };
  const { id: webhookPepperId } = currentPepper();
  const webhookGeneration = before.webhookGeneration + 1;
  const secret = { webhookPepperId, webhookGeneration };
  return { isNew: true, changes: { webhookUrl, webhookSince: now, ...secret } };
}

interface TargetChange {
  /** Whether something is set that wasn't. */
  readonly isNew: boolean;
  readonly changes: Partial<NotificationSettings>;
}

const unchanged: TargetChange = { isNew: false, changes: {} };
