import * as z from "zod";
import { pauseReasons } from "../core/schedules/words.ts";
import { triggerSources } from "../core/triggers/words.ts";
import { ownedCollection } from "./documents.ts";

/** A message that is executed in a new thread whenever a signed webhook with its event arrives. */
export const Trigger = z.object({
  v: z.literal(1),
  id: z.string(),
  /** The key that it acts with: the one that made it, or last changed what it does. */
  keyId: z.string(),
  name: z.string(),
  environmentId: z.string(),
  agentId: z.string().nullable(),
  source: z.enum(triggerSources),
  event: z.string(),
  /** JSON text: values that the payload must have. */
  filtersJson: z.string(),
  /** JSON text, as the client sent it. */
  actionJson: z.string(),
  enabled: z.boolean(),
  pausedReason: z.enum(pauseReasons).nullable(),
  /** What its secret and its address derive from: a pepper, and a number for new secrets. */
  pepperId: z.string(),
  generation: z.int().min(1),
  lastTriggeredAt: z.int().nullable(),
  /** How many deliveries that started nothing are in the log of a UTC day, in days since 1970. */
  ignoredDay: z.int().default(0),
  ignoredCount: z.int().default(0),
  createdAt: z.int(),
  updatedAt: z.int(),
});
export type Trigger = z.infer<typeof Trigger>;

export const triggers = ownedCollection(["triggers"], Trigger, "environmentId");

/** One delivery. Its id derives from the sender's, so that a repeated one starts nothing. */
export const TriggerDelivery = z.object({
  v: z.literal(1),
  id: z.string(),
  status: z.enum(["started", "ignored", "refused"]),
  /** Whether its owner sent it as a test. */
  isTest: z.boolean(),
  threadId: z.string().nullable(),
  executionId: z.string().nullable(),
  /** JSON text; `null` of one that started nothing. */
  payloadJson: z.string(),
  error: z.string().nullable(),
  createdAt: z.int(),
  expireAt: z.date(),
});
export type TriggerDelivery = z.infer<typeof TriggerDelivery>;

export const triggerDeliveries = ownedCollection(
  ["triggers", "triggerDeliveries"],
  TriggerDelivery,
);
