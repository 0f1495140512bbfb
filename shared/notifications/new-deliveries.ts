/** Makes the notifications that an owner gets of something. Pure. */
import { derivedId } from "../core/ids.ts";
import { expiryOf } from "../core/retention/expiry.ts";
import type { Delivery, NotificationSettings } from "../store/notifications.ts";

interface Told {
  /** What makes another notification of it, such as the number of the notice. */
  readonly about: readonly [string, ...string[]];
  readonly ownerId: string;
  readonly incidentId: string | null;
  readonly anomalyId: string | null;
  /** Our own words; they go into a header. */
  readonly subject: string;
  readonly text: string;
  readonly now: number;
}

type Channel = "email" | "webhook";

/** @param wanted Channels to use; the ones that the owner hasn't set up are left out. */
export function newDeliveries(
  told: Told,
  settings: NotificationSettings | null,
  wanted: readonly Channel[],
): readonly Delivery[] {
  // Their ids derive from the channel, and a commit can't make one document twice.
  return [...new Set(wanted)].flatMap((channel) => {
    const target = channel === "email" ? settings?.email : settings?.webhookUrl;
    return settings && target ? [newDelivery(told, { channel, target, settings })] : [];
  });
}

/** The record that somebody must be told and can't be reached. */
export function unreachable(told: Told): Delivery {
  return { ...blank(told, "none"), state: "unreachable", dueAt: null };
}

function newDelivery(
  told: Told,
  way: {
    readonly channel: Channel;
    readonly target: string;
    readonly settings: NotificationSettings;
  },
): Delivery {
  const { channel, target, settings } = way;
  const { webhookPepperId: pepperId, webhookGeneration: generation } = settings;
  return { ...blank(told, channel), channel, target, pepperId, generation };
}

function blank({ about, now, ...told }: Told, channel: string): Delivery {
  return {
    v: 1,
    id: derivedId("delivery", ...about, told.ownerId, channel),
    ...told,
    channel: null,
    target: null,
    pepperId: null,
    generation: 0,
    state: "waiting",
    attempts: [],
    createdAt: now,
    confirmedAt: null,
    dueAt: now,
    expireAt: expiryOf("notices", now),
  };
}
