/**
 * Large files on their way: each is one object in the bucket, which a signed address lets a client
 * write once or read. A transfer is counted in the owner's stored bytes from its beginning until
 * its object is gone.
 */
import * as z from "zod";
import { ownedCollection } from "./documents.ts";

export const Transfer = z.object({
  v: z.literal(1),
  /** Also the name of its object. */
  id: z.string(),
  kind: z.enum(["upload", "download"]),
  environmentId: z.string(),
  /** Where in the workspace the file goes, or where it was. */
  path: z.string(),
  sizeBytes: z.int().min(0),
  /** The SHA-256 that the file must have, if its sender has said so; a download's own. */
  sha256: z.string().nullable(),
  /** An upload is completed once the file is in the workspace; a download is open until it ends. */
  state: z.enum(["open", "completed", "cancelled"]),
  /** How many completions have read all of an upload. */
  readingCount: z.int().min(0).default(0),
  /** Whether its bytes count as stored. */
  isCounted: z.boolean(),
  createdAt: z.int(),
  /** When its object may be deleted, in epoch milliseconds. */
  endsAt: z.int(),
  completedAt: z.int().nullable(),
  expireAt: z.date(),
});
export type Transfer = z.infer<typeof Transfer>;

export const transfers = ownedCollection(["transfers"], Transfer, "environmentId");

/** Whether nothing may be done with it any more. */
export function hasTransferEnded({ state, endsAt }: Transfer, now: number): boolean {
  return state !== "open" || endsAt <= now;
}
