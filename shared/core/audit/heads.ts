/**
 * What the log of all owners is made of. An owner's head has the size and root of the owner's tree.
 * The hashes of all heads are in the map, whose root is in an epoch. Epochs are the entries of the
 * log, whose checkpoints are signed. All are hashed as canonical JSON, which never changes.
 */
import { createHash } from "node:crypto";
import * as z from "zod";
import { canonicalBytes } from "./canonical-bytes.ts";
import { type Hash, hashLeaf } from "./merkle-tree.ts";

/** A hash in hexadecimal, as it is stored and exported. */
export const hexHash = z
  .string()
  .regex(/^[0-9a-f]{64}$/, "must be a hash: 64 digits of 0-9 and a-f");

/**
 * A list of hashes from a file that isn't proven yet. It is judged as a whole, because a list of
 * millions of other things would otherwise become as many complaints.
 */
export function hashList({ min = 0, max = Number.POSITIVE_INFINITY } = {}) {
  return z.custom<string[]>(
    (value) =>
      Array.isArray(value) &&
      value.length >= min &&
      value.length <= max &&
      value.every((one) => hexHash.safeParse(one).success),
  );
}

export const AuditHead = z.strictObject({
  v: z.literal(1),
  ownerId: z.string(),
  /** The number of the owner's rows. */
  size: z.int().min(0),
  root: hexHash,
});
export type AuditHead = z.infer<typeof AuditHead>;

export const AuditEpoch = z.strictObject({
  v: z.literal(1),
  /** Its place in the log, from 0. */
  number: z.int().min(0),
  /** Epoch milliseconds; never before the last epoch's. */
  at: z.int(),
  mapRoot: hexHash,
});
export type AuditEpoch = z.infer<typeof AuditEpoch>;

/** What the map holds at an owner's position. */
export function headValue(head: AuditHead): Hash {
  return createHash("sha256").update(canonicalBytes(head)).digest();
}

/** The leaf hash of an epoch in the log. */
export function epochLeaf(epoch: AuditEpoch): Hash {
  return hashLeaf(canonicalBytes(epoch));
}
