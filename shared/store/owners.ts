import * as z from "zod";
import { AuditRow } from "../core/audit-row.ts";
import { Account } from "../core/money/account.ts";
import { ownedCollection, systemCollection } from "./documents.ts";

export const OwnerProfile = z.object({
  v: z.literal(1),
  id: z.string(),
  name: z.string(),
  mode: z.enum(["production", "development"]),
  state: z.enum(["active", "suspended"]),
  auditPublicKey: z.string(),
  createdBy: z.string(),
  createdAt: z.int(),
});
export type OwnerProfile = z.infer<typeof OwnerProfile>;

export const owners = systemCollection("owners", OwnerProfile);

export const LedgerEntry = z.object({
  v: z.literal(1),
  id: z.string(),
  type: z.enum(["credit", "charge", "loss", "adjustment"]),
  /** The change of the balance: positive for credits, negative for charges, zero for losses. */
  amountMicrousd: z.int(),
  /** What the platform bears; zero except in losses. */
  lossMicrousd: z.int().min(0),
  /** What a charge took from each UTC day's caps; null in lines from before this was stored. */
  days: z.record(z.string(), z.int().min(1)).nullable().default(null),
  executionId: z.string().nullable(),
  threadId: z.string().nullable(),
  keyId: z.string().nullable(),
  /** The id that it counts under for its key, which may have been rotated; null in older lines. */
  keyLineageId: z.string().nullable().default(null),
  /** What it was spent on, for sums by that; null for credits and in older lines. */
  environmentId: z.string().nullable().default(null),
  agentId: z.string().nullable().default(null),
  projectId: z.string().nullable().default(null),
  model: z.string().nullable().default(null),
  description: z.string(),
  createdAt: z.int(),
});
export type LedgerEntry = z.infer<typeof LedgerEntry>;

/** The account document: `account/budget`. */
export const accounts = ownedCollection(["account"], Account);
export const accountId = "budget";
export const ledger = ownedCollection(["ledger"], LedgerEntry);

/** An audit row and its leaf hash, which the sequencer will put into the owner's tree. */
export const StoredAuditRow = AuditRow.extend({ leafHash: z.string() });
export const auditRows = ownedCollection(["audit"], StoredAuditRow);

export const Operator = z.object({
  v: z.literal(1),
  id: z.string(),
  email: z.string(),
  /** An operator's id, or `deployment`. */
  createdBy: z.string(),
  createdAt: z.int(),
  /** Another operator, whom nobody that made this one has made, says that it is another person. */
  vouchedBy: z.string().nullable().default(null),
  /** Kept when the right is taken away: whom it made isn't more independent for it. */
  removedAt: z.int().nullable().default(null),
});
export type Operator = z.infer<typeof Operator>;
/** By the SHA-256 of the address, which is no valid document id in every form. */
export const operators = systemCollection("operators", Operator);
