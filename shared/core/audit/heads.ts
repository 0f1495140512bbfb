/**
 * What the log of all owners is made of. An owner's head has the size and root of the owner's tree.
 * The hashes of all heads are in the map, whose root is in an epoch. Epochs are the entries of the
 * log, whose checkpoints are signed. All are hashed as canonical JSON, which never changes.
 */
import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import * as z from "zod";
import { assert } from "../assert.ts";
import { type Hash, hashLeaf } from "./merkle-tree.ts";

const HexHash = z.string().regex(/^[0-9a-f]{64}$/);

export const AuditHead = z.strictObject({
  v: z.literal(1),
  ownerId: z.string(),
  /** The number of the owner's rows. */
  size: z.int().min(0),
  root: HexHash,
});
export type AuditHead = z.infer<typeof AuditHead>;

export const AuditEpoch = z.strictObject({
  v: z.literal(1),
  /** Its place in the log, from 0. */
  number: z.int().min(0),
  /** Epoch milliseconds; never before the last epoch's. */
  at: z.int(),
  mapRoot: HexHash,
});
export type AuditEpoch = z.infer<typeof AuditEpoch>;

/** What the map holds at an owner's position. */
export function headValue(head: AuditHead): Hash {
  return createHash("sha256").update(canonicalText(head)).digest();
}

/** The leaf hash of an epoch in the log. */
export function epochLeaf(epoch: AuditEpoch): Hash {
  return hashLeaf(Buffer.from(canonicalText(epoch)));
}

function canonicalText(value: object): string {
  const text = canonicalize(value);
  assert(text !== undefined);
  return text;
}

export const hexHash = HexHash;
