/**
 * The audit row of a change. Its canonical bytes (RFC 8785) and its leaf hash (RFC 6962, section
 * 2.1) are fixed for good: trees and proofs are built of them. Details are sealed, and only the
 * ciphertext is part of the row, so that shredding a key leaves every proof valid.
 */
import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import * as z from "zod";
import { assert } from "./assert.ts";

export const AuditRow = z.object({
  v: z.literal(1),
  id: z.string(),
  ownerId: z.string(),
  /** Epoch ms. */
  at: z.int(),
  actor: z.object({
    type: z.enum(["key", "operator", "runner", "maintenance"]),
    id: z.string(),
  }),
  /** `thing.happened`, for example `execution.started`. */
  action: z.string().regex(/^[a-z_]+\.[a-z_]+$/),
  /** The id of what was changed. */
  subject: z.string(),
  requestId: z.string(),
  /** Plain facts that identify nobody: amounts in micro-dollars, outcomes, digests. */
  facts: z.record(z.string(), z.union([z.string(), z.int(), z.boolean(), z.null()])),
  /** HPKE to the owner's audit key: address, user agent, task text. Base64; null for none. */
  sealedDetails: z.string().nullable(),
});
export type AuditRow = z.infer<typeof AuditRow>;

/** UTF-8 of the row's canonical JSON. */
export function canonicalBytes(row: AuditRow): Buffer {
  const text = canonicalize(row);
  assert(text !== undefined);
  return Buffer.from(text);
}

/** SHA-256 over 0x00 and the canonical bytes, as hex. */
export function leafHash(row: AuditRow): string {
  return createHash("sha256").update(Buffer.of(0)).update(canonicalBytes(row)).digest("hex");
}
