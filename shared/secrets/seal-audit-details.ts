import { type AssociatedData, seal } from "./sealing.ts";

/** Seals the parts of a row that only the owner may read: addresses, user agents, task text. */
export async function sealAuditDetails(
  row: { readonly ownerId: string; readonly rowId: string; readonly publicKey: string },
  details: Readonly<Record<string, string>>,
): Promise<string> {
  // They open in no other row and for no other owner.
  const binding: AssociatedData = [row.ownerId, "audit-details", row.rowId];
  return await seal(row.publicKey, Buffer.from(JSON.stringify(details)), binding);
}
