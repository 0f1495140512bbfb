/**
 * The audit row of a change. Its canonical bytes (RFC 8785) and leaf hash (RFC 6962, section 2.1)
 * never change, since trees and proofs are built from them. The row holds details only as
 * ciphertext, so destroying a key leaves every proof valid.
 */
import * as z from "zod";
import { canonicalBytes } from "./canonical-bytes.ts";
import { hashLeaf } from "./merkle-tree.ts";

export const AuditRow = z.object({
  v: z.literal(1),
  id: z.string(),
  ownerId: z.string(),
  /** Epoch milliseconds. */
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
  /** Address, user agent and task text, sealed with HPKE to the owner's audit key; base64. */
  sealedDetails: z.string().nullable(),
});
export type AuditRow = z.infer<typeof AuditRow>;

/** SHA-256 of 0x00 and the canonical bytes, in hex. */
export function leafHash(row: AuditRow): string {
  return hashLeaf(canonicalBytes(row)).toString("hex");
}
