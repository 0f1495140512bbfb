import * as z from "zod";
import { executionSources } from "../core/executions/sources.ts";
import { Account } from "../core/money/account.ts";
import { ownedCollection, smallDocuments, systemCollection } from "./documents.ts";

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
  /** The amount that the platform bears; zero except in losses. */
  lossMicrousd: z.int().min(0),
  /** What a charge took from each UTC day's caps; null in lines from before this was stored. */
  days: z.record(z.string(), z.int().min(1)).nullable().default(null),
  executionId: z.string().nullable(),
  threadId: z.string().nullable(),
  keyId: z.string().nullable(),
  /** The lineage of its key, which may have been rotated; null in older lines. */
  keyLineageId: z.string().nullable().default(null),
  /** What the money was spent on, for breakdowns; null for credits and in older lines. */
  environmentId: z.string().nullable().default(null),
  agentId: z.string().nullable().default(null),
  projectId: z.string().nullable().default(null),
  model: z.string().nullable().default(null),
  source: z.enum(executionSources).nullable().default(null),
  /** The part of a charge that is for model calls, and their tokens; none in older lines. */
  modelMicrousd: z.int().min(0).default(0),
  inputTokens: z.int().min(0).default(0),
  /** Those of the input tokens that the provider had cached. */
  cacheTokens: z.int().min(0).default(0),
  outputTokens: z.int().min(0).default(0),
  description: z.string(),
  createdAt: z.int(),
});
export type LedgerEntry = z.infer<typeof LedgerEntry>;

/** The account document: `account/budget`. */
export const accounts = ownedCollection(["account"], Account);
export const accountId = "budget";
export const ledger = ownedCollection(["ledger"], LedgerEntry, null, smallDocuments);

export const Operator = z.object({
  v: z.literal(1),
  id: z.string(),
  email: z.string(),
  /** Who first created it: an operator's id, or `deployment`, which replaces all earlier ones. */
  createdBy: z.string(),
  /**
   * The ids of the operators who re-created it after a removal, each once, until the deployment
   * names it.
   */
  recreatedBy: z.array(z.string()).default([]),
  createdAt: z.int(),
  /** The independent operator who vouched that this one is another person; null for none. */
  vouchedBy: z.string().nullable().default(null),
  /** Whether the operator may search the log of requests. */
  isAuditor: z.boolean().optional(),
  /** When the operator was removed. The document stays, because it shows who made whom. */
  removedAt: z.int().nullable().default(null),
});
export type Operator = z.infer<typeof Operator>;
/** The id is the SHA-256 of the address, since not every address is a valid document id. */
export const operators = systemCollection("operators", Operator);
