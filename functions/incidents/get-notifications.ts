import { noSettings, notificationBody } from "#shared/answers/notification-body";
import { noParams, ok } from "#shared/contract/common";
import { NotificationBody } from "#shared/contract/notification";
import { requireAllEnvironments } from "#shared/keys/environment-bounds";
import { ownedRead } from "#shared/pipeline/owned-route";
import { query } from "#shared/pipeline/route";
import { notificationSettings, notificationSettingsId } from "#shared/store/notifications";

export const getNotifications = query({
  endpoint: "GET /v1/notifications",
  summary: "How the account hears of incidents, and of anomalies in its own use.",
  ...ownedRead("account:read"),
  params: noParams,
  reply: { 200: NotificationBody },
  read: async ({ caller: { owner }, deps: { store } }) => {
    requireAllEnvironments(owner, "Notifications concern the whole account.");
    return (await store.get(notificationSettings.of(owner, notificationSettingsId))).value;
  },
  answer: ({ data, now }) => ok(notificationBody(data ?? noSettings, now)),
});
