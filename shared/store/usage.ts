/** How much an owner stores for its workspaces, and what of that is unreferenced. */
import * as z from "zod";
import { ownedCollection } from "./documents.ts";

/**
 * Counted before each object is stored. It isn't in the account, whose changes mustn't wait for
 * what runners store.
 */
export const StorageUsage = z.object({
  v: z.literal(1),
  /** Tells it from other documents in collections of that name. */
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

/** What was downloaded on the latest day with any download. */
const DownloadUsage = z.object({
  v: z.literal(1),
  /** Tells it from other documents in collections of that name. */
  kind: z.literal("downloads"),
  /** Days since 1970, UTC. */
  day: z.int(),
  bytes: z.int(),
});

export const downloadUsageId = "downloads";
export const downloadUsages = ownedCollection(["usage"], DownloadUsage);

/** Objects that are going to be deleted, each as `kind/sha256#generation`. */
export const Condemned = z.object({
  v: z.literal(1),
  /** Unreferenced at `condemnedAt`; an object that is stored again is taken off. */
  waiting: z.array(z.string()),
  condemnedAt: z.int(),
  /** Being deleted; such an object can't be relied on until it is gone. */
  going: z.array(z.string()),
});
export type Condemned = z.infer<typeof Condemned>;

export const condemnedId = "unreferenced";
export const condemnedObjects = ownedCollection(["collections"], Condemned);
