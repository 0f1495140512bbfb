import { type AuditRow, leafHash } from "../core/audit-row.ts";
import type { Owner } from "../identity/owner.ts";
import { type AssociatedData, seal } from "../secrets/sealing.ts";
import { create, type Write } from "../store/documents.ts";
import { auditRows } from "../store/owners.ts";

/** The write that puts a change on the record; it belongs into the commit of the change (AUD-7). */
export function auditEntry(owner: Owner, row: Omit<AuditRow, "v" | "ownerId">): Write {
  const complete: AuditRow = { v: 1, ownerId: owner.id, ...row };
  return create(auditRows.of(owner, row.id), { ...complete, leafHash: leafHash(complete) });
}

/** What sealed details are bound to: they open in no other row and for no other owner. */
export function auditBinding(ownerId: string, rowId: string): AssociatedData {
  return [ownerId, "audit-details", rowId];
}

/** Seals the parts of a row that only the owner may read: addresses, user agents, task text. */
export async function sealDetails(
  target: { readonly ownerId: string; readonly rowId: string; readonly publicKey: string },
  details: Readonly<Record<string, string>>,
): Promise<string> {
  const plain = Buffer.from(JSON.stringify(details));
  return await seal(target.publicKey, plain, auditBinding(target.ownerId, target.rowId));
}
