import { iso } from "../contract/common.ts";
import type { NotificationBody } from "../contract/notification.ts";
import { withoutUser } from "../core/network/outgoing-address.ts";
import { type Delivery, NotificationSettings } from "../store/notifications.ts";

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

/** Where a notification goes, as it is shown: a webhook of earlier releases may hold a password. */
export function shownTarget<T extends string | null>({
  channel,
  target,
}: {
  readonly channel: Delivery["channel"];
  readonly target: T;
}): T | string {
  return channel === "webhook" && target !== null ? withoutUser(target) : target;
}

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
