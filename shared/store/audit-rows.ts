import * as z from "zod";
import { AuditRow, leafHash } from "../core/audit/audit-row.ts";
import { isDetected } from "../core/incidents/signals.ts";
import type { Owner } from "../identity/owner.ts";
import { create, ownedCollection, type Write } from "./documents.ts";

/** An audit row, its leaf hash, and its place in the owner's tree. */
export const StoredAuditRow = AuditRow.extend({
  leafHash: z.string(),
  /** The mark by which the sequencer finds the row, which takes it away; null afterwards. */
  unsequenced: z.string().nullable().default(null),
  /** The row's number in its owner's tree, from 0; null until it has one. */
  sequence: z.int().min(0).nullable().default(null),
  /** The mark by which detectors find the row, which take it away; only some actions have it. */
  undetected: z.string().optional(),
});
export const auditRows = ownedCollection(["audit"], StoredAuditRow);

/** The write of a change's audit row, which must be in the commit of the change (AUD-7). */
export function auditEntry(owner: Owner, row: Omit<AuditRow, "v" | "ownerId">): Write {
  const complete: AuditRow = { v: 1, ownerId: owner.id, ...row };
  const unsequenced = orderingMark(complete);
  return create(auditRows.of(owner, row.id), {
    ...complete,
    leafHash: leafHash(complete),
    unsequenced,
    ...(isDetected(row.action) ? { undetected: unsequenced } : {}),
  });
}

/**
 * Sorts the rows of all owners by owner and then by time, and is a place to read on from, since no
 * two rows have the same. It begins with random characters, because an index whose values all grow
 * takes only 500 writes per second.
 */
function orderingMark({ ownerId, at: createdAt, id }: AuditRow): string {
  return `${ownerId}/${String(createdAt).padStart(15, "0")}/${id}`;
}
