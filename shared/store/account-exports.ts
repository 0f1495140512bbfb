import * as z from "zod";
import { ownedCollection, systemCollection } from "./documents.ts";

/** The last export that an owner asked for. */
export const AccountExport = z.object({
  v: z.literal(1),
  id: z.string(),
  keyId: z.string(),
  state: z.enum(["waiting", "building", "ready", "failed"]),
  requestedAt: z.int(),
  /** How many times building it was begun. */
  attempt: z.int().min(0),
  completedAt: z.int().nullable(),
  sizeBytes: z.int().nullable(),
  sha256: z.string().nullable(),
});
export type AccountExport = z.infer<typeof AccountExport>;

/** Has one document, because an owner's archive replaces the one before. */
export const accountExports = ownedCollection(["exports"], AccountExport);
export const accountExportId = "last";

/** Exports that must still be built. The id is the owner's. */
export const DueExport = z.object({
  v: z.literal(1),
  ownerId: z.string(),
  /** When somebody must begin: once it is asked for, and again if who is building it has died. */
  dueAt: z.int(),
});
export const dueExports = systemCollection("dueExports", DueExport);
