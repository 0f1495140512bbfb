import * as z from "zod";
import { type AssociatedData, open, seal } from "./sealing.ts";

const Details = z.record(z.string(), z.string());

/** Seals the parts of a row that only the owner may read: addresses, user agents, task text. */
export async function sealAuditDetails(
  row: { readonly ownerId: string; readonly rowId: string; readonly publicKey: string },
  details: Readonly<Record<string, string>>,
): Promise<string> {
  return await seal(row.publicKey, Buffer.from(JSON.stringify(details)), bindingOf(row));
}

/** @throws if they were sealed to another key pair, for another row or another owner. */
export async function openAuditDetails(
  row: { readonly ownerId: string; readonly rowId: string; readonly privateKey: Buffer },
  sealed: string,
): Promise<Readonly<Record<string, string>>> {
  const plain = await open(row.privateKey, sealed, bindingOf(row));
  return Details.parse(JSON.parse(plain.toString()));
}

/** They open in no other row and for no other owner. */
function bindingOf({ ownerId, rowId }: { ownerId: string; rowId: string }): AssociatedData {
  return [ownerId, "audit-details", rowId];
}
