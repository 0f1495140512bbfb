import { iso } from "../contract/common.ts";
import type { NotificationBody } from "../contract/notification.ts";
import { withoutUser } from "../core/network/outgoing-address.ts";
import { NotificationSettings } from "../store/notifications.ts";

export const noSettings: NotificationSettings = NotificationSettings.parse({
  v: 1,
  email: null,
  webhookUrl: null,
  webhookPepperId: null,
  webhookGeneration: 0,
  spending: [],
  networks: [],
  refusals: [],
  updatedAt: 0,
});

export function notificationBody(settings: NotificationSettings, now: number): NotificationBody {
  const { email, emailConfirmedAt, pendingEmail, webhookUrl } = settings;
  const { spending, networks, refusals } = settings;
  const isPending = pendingEmail !== null && now < pendingEmail.expiresAt;
  return {
    email: emailConfirmedAt === null ? null : email,
    pendingEmail: isPending
      ? { address: pendingEmail.address, expiresAt: iso(pendingEmail.expiresAt) }
      : null,
    webhookUrl: webhookUrl === null ? null : withoutUser(webhookUrl),
    anomalies: { spending, networks, refusals },
  };
}
