import * as z from "zod";
import { ownedCollection, systemCollection } from "./documents.ts";

export const channels = ["email", "webhook"] as const;
const Channels = z.array(z.enum(channels));

/** Where an owner was reached until it was replaced. */
const EarlierTarget = z.object({
  channel: z.enum(channels),
  target: z.string(),
  pepperId: z.string().nullable(),
  generation: z.int(),
  since: z.int(),
  until: z.int(),
});

/** How an owner wants to hear of incidents, and of which anomalies; one document. */
export const NotificationSettings = z.object({
  v: z.literal(1),
  email: z.string().nullable(),
  /** Null for an address that no release has had confirmed; nothing is sent there. */
  emailConfirmedAt: z.int().nullable().default(null),
  /** An address that is to replace it once who reads its mail has confirmed that. */
  pendingEmail: z
    .object({
      address: z.string(),
      /** What its token derives from: a pepper, and a number that grows with each request. */
      pepperId: z.string(),
      generation: z.int(),
      expiresAt: z.int(),
    })
    .nullable()
    .default(null),
  webhookUrl: z.string().nullable(),
  webhookSince: z.int().nullable().default(null),
  /** Targets that were replaced in the last weeks; notices of incidents go there, too. */
  earlierTargets: z.array(EarlierTarget).default([]),
  /** How often another target was asked for on a UTC day, in days since 1970, and ever. */
  asked: z
    .object({ day: z.int(), count: z.int(), ever: z.int() })
    .default({ day: 0, count: 0, ever: 0 }),
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

/** How many mails that ask for a confirmation went to an address on a day; the id has its hash. */
const MailConfirmations = z.object({ v: z.literal(1), count: z.int(), expireAt: z.date() });
export const mailConfirmations = systemCollection("mailConfirmations", MailConfirmations);

export const purposes = ["notice", "anomaly", "change", "confirmation"] as const;
export type Purpose = (typeof purposes)[number];

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
  /** Absent in deliveries of earlier releases, which are notices and anomalies. */
  purpose: z.enum(purposes).optional(),
  /** Null if it isn't about one. */
  incidentId: z.string().nullable(),
  anomalyId: z.string().nullable(),
  /** Null if the owner has named no way to be reached. */
  channel: z.enum(channels).nullable(),
  /** An address of mail or of the web. */
  target: z.string().nullable(),
  /** Since when it has been the owner's; null if nobody knows, or if it isn't confirmed. */
  targetSince: z.int().nullable().default(null),
  /** Whether the owner had replaced it before this was made. */
  isEarlier: z.boolean().default(false),
  /** What the webhook's secret, or the address's token, derives from. */
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
