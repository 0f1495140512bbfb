/**
 * What the audit sequencer stores: each owner's tree, the map of all heads, and the log of epochs.
 */
import * as z from "zod";
import { AuditEpoch, hexHash } from "../core/audit/heads.ts";
import { bucketsCount } from "../core/audit/heads-map.ts";
import { ownedCollection, systemCollection } from "./documents.ts";

const size = z.int().min(0);

/** The tree of one owner's rows, as its frontier, and its head in the map. */
export const AuditTree = z.object({
  v: z.literal(1),
  ownerId: z.string(),
  size,
  /** The roots of the tree's perfect subtrees, largest first. */
  roots: z.array(hexHash),
  /** The owner's position while the map doesn't have this head; by it, the tree is found. */
  unpublished: hexHash.nullable().default(null),
  /** The head that the map has, and the epoch that brought it there. */
  published: z.object({ size, root: hexHash, epoch: size }).nullable(),
});
export type AuditTree = z.infer<typeof AuditTree>;
export const auditTrees = ownedCollection(["auditTrees"], AuditTree);
export const auditTreeId = "head";

/** Roots of perfect subtrees of 256 rows and more, from which proofs are made. */
export const auditNodes = ownedCollection(
  ["auditNodes"],
  z.object({ v: z.literal(1), hash: hexHash }),
);

/** The map of all heads: its secret, and the roots of its buckets. */
export const AuditMap = z.object({
  v: z.literal(1),
  /** The key of the HMAC that gives owners their positions, 32 bytes in hex. */
  secret: hexHash,
  bucketRoots: z.array(hexHash).length(bucketsCount),
});
export type AuditMap = z.infer<typeof AuditMap>;
export const auditMaps = systemCollection("auditMaps", AuditMap);
export const auditMapId = "heads";

/** One bucket of the map; the id is its number. */
export const auditBuckets = systemCollection(
  "auditBuckets",
  z.object({
    v: z.literal(1),
    entries: z.array(z.object({ position: hexHash, value: hexHash })),
  }),
);

/** The log of epochs up to its last signed checkpoint. The id is derived from its origin. */
export const AuditLog = z.object({
  v: z.literal(1),
  origin: z.string(),
  size,
  roots: z.array(hexHash),
  /** The roots before the last epoch, which prove it; null in documents of earlier releases. */
  rootsBefore: z.array(hexHash).nullable().default(null),
  /** The epoch that comes next and isn't in a signed checkpoint yet. It can't be changed. */
  open: AuditEpoch.nullable(),
  /** When the last epoch was, in epoch milliseconds. */
  lastAt: z.int(),
  /** Which key has signed the checkpoints from this size on, as `name+id+key`; oldest first. */
  keys: z.array(z.object({ key: z.string(), fromSize: size })).default([]),
});
export type AuditLog = z.infer<typeof AuditLog>;
export const auditLogs = systemCollection("auditLogs", AuditLog);

/** Roots of perfect subtrees of 256 epochs and more of the log, from which proofs are made. */
export const auditLogNodes = systemCollection("auditLogNodes", auditNodes.schema);

/** The epochs of the log, by number. */
export const auditEpochs = systemCollection("auditEpochs", AuditEpoch);
