import * as z from "zod";
import { ownedCollection, systemCollection } from "./documents.ts";

/** What an operator stopped in an incident, and how far stopping or releasing it has come. */
export const Containment = z.object({
  v: z.literal(1),
  id: z.string(),
  incidentId: z.string(),
  target: z.enum(["key", "owner", "environment", "all"]),
  /** Null for all owners. */
  ownerId: z.string().nullable(),
  mode: z.enum(["production", "development"]).nullable(),
  /** The key's or environment's id; null for others. */
  subject: z.string().nullable(),
  /** The first key of the contained key's rotations; null for others, and in earlier releases. */
  lineageId: z.string().nullable().default(null),
  /** All keys that it holds: the contained one, and those that it was rotated from or to. */
  keyIds: z.array(z.string()).default([]),
  by: z.string(),
  requestId: z.string(),
  createdAt: z.int(),
  releasedAt: z.int().nullable(),
  releasedBy: z.string().nullable(),
  /** How far the round over all owners has come; null before the first and after the last. */
  afterOwnerId: z.string().nullable(),
  /** Accounts that the round couldn't turn, a hundred at most. */
  failedOwnerIds: z.array(z.string()).default([]),
  /** When a sweep takes over what the request began; null once it is done. */
  dueAt: z.int().nullable(),
});
export type Containment = z.infer<typeof Containment>;
export const containments = systemCollection("containments", Containment);

/** That a containment of all owners has suspended this one. The id is the containment's. */
const SuspendedByContainment = z.object({ v: z.literal(1), at: z.int() });
export const suspendedByContainments = ownedCollection(["containments"], SuspendedByContainment);
