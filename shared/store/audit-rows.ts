import * as z from "zod";
import { AuditRow, leafHash } from "../core/audit/audit-row.ts";
import type { Owner } from "../identity/owner.ts";
import { create, ownedCollection, type Write } from "./documents.ts";

/** An audit row and its leaf hash, from which a Merkle tree of the rows can be built. */
export const StoredAuditRow = AuditRow.extend({ leafHash: z.string() });
export const auditRows = ownedCollection(["audit"], StoredAuditRow);

/** The write of a change's audit row, which must be in the commit of the change (AUD-7). */
export function auditEntry(owner: Owner, row: Omit<AuditRow, "v" | "ownerId">): Write {
  const complete: AuditRow = { v: 1, ownerId: owner.id, ...row };
  return create(auditRows.of(owner, row.id), { ...complete, leafHash: leafHash(complete) });
}
