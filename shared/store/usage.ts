/** What an owner stores of its workspaces, and what of that nothing names any more. */
import * as z from "zod";
import { ownedCollection } from "./documents.ts";

/**
 * Counted before each object is stored. Not in the account, which must not wait for what runners
 * store.
 */
export const StorageUsage = z.object({
  v: z.literal(1),
  /** Tells it from other documents of its collection's name. */
  kind: z.literal("storage"),
  ownerId: z.string(),
  bytes: z.int(),
  objects: z.int(),
  /** When what is unreferenced is to be looked for, epoch ms; null for not at all. */
  sweepAt: z.int().nullable(),
});
export type StorageUsage = z.infer<typeof StorageUsage>;

export const storageUsageId = "storage";
export const storageUsages = ownedCollection(["usage"], StorageUsage);

/** What was downloaded on the latest day on which anything was. */
const DownloadUsage = z.object({
  v: z.literal(1),
  /** Tells it from other documents of its collection's name. */
  kind: z.literal("downloads"),
  /** UTC, in days since 1970. */
  day: z.int(),
  bytes: z.int(),
});

export const downloadUsageId = "downloads";
export const downloadUsages = ownedCollection(["usage"], DownloadUsage);

/** Objects on their way out, each as `kind/sha256#generation`. */
export const Condemned = z.object({
  v: z.literal(1),
  /** Nothing named them at `condemnedAt`; whoever stores one of them again takes it off. */
  waiting: z.array(z.string()),
  condemnedAt: z.int(),
  /** Being deleted: nobody may rely on one of them until it is gone. */
  going: z.array(z.string()),
});
export type Condemned = z.infer<typeof Condemned>;

export const condemnedId = "unreferenced";
export const condemnedObjects = ownedCollection(["collections"], Condemned);
