import type { NotificationBody } from "#shared/contract/notification";
import type { NotificationSettings } from "#shared/store/notifications";

export const noSettings: NotificationSettings = {
  v: 1,
  email: null,
  webhookUrl: null,
  webhookPepperId: null,
  webhookGeneration: 0,
  spending: [],
  networks: [],
  refusals: [],
  updatedAt: 0,
};

export function notificationBody(settings: NotificationSettings): NotificationBody {
  const { email, webhookUrl, spending, networks, refusals } = settings;
  return { email, webhookUrl, anomalies: { spending, networks, refusals } };
}
