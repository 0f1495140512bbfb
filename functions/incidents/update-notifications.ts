import { peppers } from "#shared/config";
import { noParams, noQuery, ok } from "#shared/contract/common";
import { NotificationBody, NotificationUpdate } from "#shared/contract/notification";
import { shownSecret, webhookSecret } from "#shared/core/incidents/webhook-signature";
import { ApiError } from "#shared/errors/api-error";
import { requireAllEnvironments } from "#shared/keys/environment-bounds";
import { resolveWebhook } from "#shared/notifications/webhook-address";
import { change, jsonBytesMax } from "#shared/pipeline/route";
import { createOrReplace } from "#shared/store/documents";
import { notificationSettings, notificationSettingsId } from "#shared/store/notifications";
import { noSettings, notificationBody } from "./notification-body.ts";

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
  read: async ({ caller: { owner }, body: { webhookUrl }, deps: { store } }) => {
    requireAllEnvironments(owner, "Notifications concern the whole account.");
    if (webhookUrl) await resolveWebhook(webhookUrl);
    return await store.get(notificationSettings.of(owner, notificationSettingsId));
  },
  decide({ caller: { owner }, body, data: { ref, value, version }, now }) {
    const before = value ?? noSettings;
    const { email = before.email, webhookUrl = before.webhookUrl, anomalies = {} } = body;
    const { spending = before.spending, networks = before.networks } = anomalies;
    const { refusals = before.refusals } = anomalies;
    const isNewUrl = webhookUrl !== null && webhookUrl !== before.webhookUrl;
    const { keys, current } = peppers();
    const root = keys[current];
    if (!root) throw new ApiError("INTERNAL_ERROR", { cause: "the current pepper is missing" });
    const generation = before.webhookGeneration + (isNewUrl ? 1 : 0);
    const renewed = isNewUrl ? { webhookPepperId: current, webhookGeneration: generation } : {};
    const chosen = { email, webhookUrl, spending, networks, refusals };
    const next = { ...before, ...chosen, ...renewed, updatedAt: now };
    const answer = notificationBody(next);
    const webhookSecret_ = shownSecret(webhookSecret(root, owner.id, generation));
    return {
      writes: [createOrReplace(ref, version, next)],
      subject: owner.id,
      facts: {
        hasEmail: email !== null,
        hasWebhook: webhookUrl !== null,
        spending: spending.join(" "),
        networks: networks.join(" "),
        refusals: refusals.join(" "),
      },
      reply: ok(isNewUrl ? { ...answer, webhookSecret: webhookSecret_ } : answer),
    };
  },
});
