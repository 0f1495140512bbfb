import * as z from "zod";
import { idSchema } from "../core/ids.ts";
import type { KeyBounds } from "../core/keys/key-bounds.ts";
import { scopes } from "../core/keys/scopes.ts";
import { microusd } from "../core/money/pricing.ts";
import { parseRange } from "../core/network/address-range.ts";
import { SmallMetadata } from "./common.ts";
import { exactObject, takenForNothing } from "./exact.ts";
import { Dollars } from "./limit-amount.ts";

const daysMax = 3_650;
const dayMs = 86_400_000;
/** One `in` filter of Firestore takes at most this many values. */
const environmentsMax = 30;
const addressRangesMax = 50;
/** Two keys that are valid together for longer than this aren't a rotation any more. */
const graceHoursMax = 30 * 24;

const name = z.string().trim().min(1).max(200);
const description = z.string().max(2_000).nullish();
const expiresIn = z.number().positive().max(daysMax).nullish();
const maxCost = Dollars.min(0.000_001).max(1_000_000).nullish();
const addressRange = z
  .string()
  .max(50)
  .refine((text) => parseRange(text) !== null, {
    message: "must be an IPv4 or IPv6 address, or a CIDR range without bits below its prefix",
  });

/** Clients of the public API choose these when they make a key; here each has one value. */
const ofPublicApi = { prefix: takenForNothing, keyType: takenForNothing, userId: takenForNothing };

/** A bound that is left out is copied from the maker; null means no such bound. */
export const KeyCreate = exactObject({
  name,
  description,
  /** Days from now. */
  expiresIn,
  scopes: z.array(z.enum(scopes)).min(1).max(scopes.length).optional(),
  environmentIds: z.array(idSchema("environment")).min(1).max(environmentsMax).nullish(),
  addressRanges: z.array(addressRange).min(1).max(addressRangesMax).nullish(),
  /** US dollars. */
  maxCostPerExecution: maxCost,
  maxCostPerDay: maxCost,
  metadata: SmallMetadata,
  ...ofPublicApi,
});
export type KeyCreate = z.infer<typeof KeyCreate>;

/** What a key may do is fixed, so that people who have seen a key can rely on it. */
export const KeyUpdate = exactObject({
  name: name.optional(),
  description,
  scopes: z
    .never({ error: "can't be changed: a key's scopes are fixed, so make another key" })
    .optional(),
  metadata: SmallMetadata,
});

export const KeyRotate = exactObject({
  /** How long the old key stays valid beside the new one; 0 ends it with this call. */
  gracePeriodHours: z.number().min(0).max(graceHoursMax).default(24),
  /** Days from now; if left out, the new key expires when the old one would have. */
  expiresIn,
});

/** Whether executions that the key started go on when the key ends. */
export const KeyClose = exactObject({ keepExecutions: z.boolean().default(false) });

export const KeyRecord = z.object({
  id: z.string(),
  keyPrefix: z.string(),
  keyType: z.literal("standard"),
  name: z.string(),
  description: z.string().nullable(),
  userId: z.string(),
  createdBy: z.string(),
  createdAt: z.string(),
  lastUsedAt: z.string().nullable(),
  lastUsedIp: z.string().nullable(),
  expiresAt: z.string().nullable(),
  revokedAt: z.string().nullable(),
  replacedBy: z.string().nullable(),
  isActive: z.boolean(),
  scopes: z.array(z.string()),
  environmentIds: z.array(z.string()).nullable(),
  addressRanges: z.array(z.string()).nullable(),
  maxCostPerExecution: z.number().nullable(),
  maxCostPerDay: z.number().nullable(),
  metadata: z.unknown(),
});

export const KeyCreated = KeyRecord.extend({ key: z.string(), warning: z.string() });

export const KeyClosed = z.object({
  success: z.literal(true),
  message: z.string(),
  id: z.string(),
  /** The executions that the key had running. */
  executionIds: z.array(z.string()),
  /** False if they were to be kept, or if stopping failed: then maintenance goes on with it. */
  executionsStopped: z.boolean(),
});

export const keyWarning = "Store this key now: it is shown once and can't be read again.";

/** The bounds that a body asks for; the maker's own bounds replace those it leaves out. */
export function boundsOf(body: KeyCreate, maker: KeyBounds, now: number): KeyBounds {
  const own = <T>(asked: T | null | undefined, makers: T | null) =>
    asked === undefined ? makers : asked;
  return {
    scopes: body.scopes ?? maker.scopes,
    expiresAt: own(expiryOf(body.expiresIn, now), maker.expiresAt),
    environmentIds: own(body.environmentIds, maker.environmentIds),
    addressRanges: own(body.addressRanges, maker.addressRanges),
    executionCostMaxMicrousd: own(cost(body.maxCostPerExecution), maker.executionCostMaxMicrousd),
    dayCostMaxMicrousd: own(cost(body.maxCostPerDay), maker.dayCostMaxMicrousd),
  };
}

/** The expiry `days` from `now`; null and undefined are passed through. */
export function expiryOf(days: number | null | undefined, now: number): number | null | undefined {
  return typeof days === "number" ? now + Math.round(days * dayMs) : days;
}

function cost(usd: number | null | undefined): number | null | undefined {
  return typeof usd === "number" ? microusd(usd) : usd;
}
