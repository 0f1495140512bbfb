/** Bodies of `/v1/notifications`. */
import * as z from "zod";
import { emailTokenForm } from "../core/incidents/email-confirmation.ts";
import { exactObject } from "./exact.ts";

const Channels = z
  .array(z.enum(["email", "webhook"]))
  .max(2)
  .refine((all) => new Set(all).size === all.length, "names a channel twice");

const anomalies = {
  /** A day on which the account spends far more than usual. */
  spending: Channels,
  /** A key that is used from a network that is new for it. */
  networks: Channels,
  /** A key whose uses are refused again and again. */
  refusals: Channels,
};

/** A field that is left out stays as it is. */
export const NotificationUpdate = exactObject({
  /** Where notices of incidents go once it is confirmed; null for nowhere. */
  email: z.email().max(254).nullable().optional(),
  webhookUrl: z.string().max(500).nullable().optional(),
  anomalies: exactObject({
    spending: Channels.optional(),
    networks: Channels.optional(),
    refusals: Channels.optional(),
  }).optional(),
});

/** The token that was sent to the address. */
export const EmailConfirmation = exactObject({
  token: z.string().regex(emailTokenForm, "must be the token of the confirmation mail"),
});

export const NotificationBody = z.object({
  /** The address that was confirmed. */
  email: z.string().nullable(),
  /** The one that is to replace it; nothing but its token is sent there. */
  pendingEmail: z.object({ address: z.string(), expiresAt: z.string() }).nullable(),
  webhookUrl: z.string().nullable(),
  /** In the answer that sets a new URL; it is shown at no other time. */
  webhookSecret: z.string().optional(),
  anomalies: z.object(anomalies),
});
export type NotificationBody = z.infer<typeof NotificationBody>;
