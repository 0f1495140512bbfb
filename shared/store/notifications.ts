import * as z from "zod";
import { ownedCollection, systemCollection } from "./documents.ts";

export const channels = ["email", "webhook"] as const;
const Channels = z.array(z.enum(channels));

/** How an owner wants to hear of incidents, and of which anomalies; one document. */
export const NotificationSettings = z.object({
  v: z.literal(1),
  email: z.string().nullable(),
  webhookUrl: z.string().nullable(),
  /** What the webhook's secret derives from: a pepper, and a number that grows with each URL. */
  webhookPepperId: z.string().nullable(),
  webhookGeneration: z.int(),
  /** The channels by which the owner hears of each kind of anomaly. */
  spending: Channels,
  networks: Channels,
  refusals: Channels,
  updatedAt: z.int(),
});
export type NotificationSettings = z.infer<typeof NotificationSettings>;
export const notificationSettings = ownedCollection(["notifications"], NotificationSettings);
export const notificationSettingsId = "settings";

export const deliveryStates = ["waiting", "confirmed", "failed", "unreachable"] as const;

const Attempt = z.object({
  at: z.int(),
  /** `confirmed`, or why it wasn't taken, in our own words. */
  outcome: z.string(),
});

/** One notification for one owner by one channel. Its id derives from what it is about. */
export const Delivery = z.object({
  v: z.literal(1),
  id: z.string(),
  ownerId: z.string(),
  /** Null for an anomaly. */
  incidentId: z.string().nullable(),
  anomalyId: z.string().nullable(),
  /** Null if the owner has named no way to be reached. */
  channel: z.enum(channels).nullable(),
  /** An address of mail or of the web. */
  target: z.string().nullable(),
  /** The key of the webhook's secret. */
  pepperId: z.string().nullable(),
  generation: z.int(),
  subject: z.string(),
  text: z.string(),
  state: z.enum(deliveryStates),
  attempts: z.array(Attempt),
  createdAt: z.int(),
  confirmedAt: z.int().nullable(),
  /** When it is tried next; null if it isn't. */
  dueAt: z.int().nullable(),
  expireAt: z.date(),
});
export type Delivery = z.infer<typeof Delivery>;
export const deliveries = systemCollection("deliveries", Delivery);
