/** The bytes that an owner stores for its workspaces, and the list of its unreferenced objects. */
import * as z from "zod";
import { ownedCollection } from "./documents.ts";

/**
 * How much an owner stores. Each object is counted before it is stored. The count isn't in the
 * account, because the account's changes must not wait for what runners store.
 */
export const StorageUsage = z.object({
  v: z.literal(1),
  /** Distinguishes it from other documents in `usage` collections. */
  kind: z.literal("storage"),
  ownerId: z.string(),
  bytes: z.int(),
  objects: z.int(),
  /** When to look for unreferenced objects, in epoch milliseconds; null if nothing is due. */
  sweepAt: z.int().nullable(),
});
export type StorageUsage = z.infer<typeof StorageUsage>;

export const storageUsageId = "storage";
export const storageUsages = ownedCollection(["usage"], StorageUsage);

/**
 * The copies of files that signed addresses open. They have a share of their own, because reading
 * mustn't take the room in which workspaces are saved.
 */
const SignedCopyUsage = z.object({
  v: z.literal(1),
  /** Distinguishes it from other documents in `usage` collections. */
  kind: z.literal("signedCopies"),
  bytes: z.int(),
  objects: z.int(),
});

export const signedCopyUsageId = "signedCopies";
export const signedCopyUsages = ownedCollection(["usage"], SignedCopyUsage);

/** What was downloaded on the latest day with any download. */
const DownloadUsage = z.object({
  v: z.literal(1),
  /** Distinguishes it from other documents in `usage` collections. */
  kind: z.literal("downloads"),
  /** Days since 1970, UTC. */
  day: z.int(),
  bytes: z.int(),
  /** How many quarters of the day's quota have a row in the trail. */
  quarters: z.int().min(0).default(0),
});

export const downloadUsageId = "downloads";
export const downloadUsages = ownedCollection(["usage"], DownloadUsage);

/** What was copied of threads on the latest day with any copy. */
const ThreadCopyUsage = z.object({
  v: z.literal(1),
  /** Distinguishes it from other documents in `usage` collections. */
  kind: z.literal("threadCopies"),
  /** Days since 1970, UTC. */
  day: z.int(),
  messages: z.int().min(0),
});

export const threadCopyUsageId = "threadCopies";
export const threadCopyUsages = ownedCollection(["usage"], ThreadCopyUsage);

/** Objects that are going to be deleted, each as `kind/sha256#generation`. */
export const Condemned = z.object({
  v: z.literal(1),
  /** Objects without a reference at `condemnedAt`. Storing one again takes it off this list. */
  waiting: z.array(z.string()),
  condemnedAt: z.int(),
  /** Objects that are being deleted. Storing one is refused until it is gone. */
  going: z.array(z.string()),
});
export type Condemned = z.infer<typeof Condemned>;

export const condemnedId = "unreferenced";
export const condemnedObjects = ownedCollection(["collections"], Condemned);
