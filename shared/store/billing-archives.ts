import * as z from "zod";
import { ownedCollection } from "./documents.ts";

/** How far an owner's ledger is in the archive. */
const BillingArchive = z.object({
  v: z.literal(1),
  /** The archive that this is about. Another one begins with the first line again. */
  archive: z.string(),
  objects: z.int().min(0),
  /** The SHA-256 of the last object; null for none. */
  last: z.string().nullable(),
  totals: z.object({
    lines: z.int().min(0),
    balanceMicrousd: z.int(),
    lossMicrousd: z.int().min(0),
  }),
  /** The last line that is in it; null for none. */
  place: z.object({ value: z.int(), id: z.string() }).nullable(),
  archivedAt: z.int(),
});
export type BillingArchive = z.infer<typeof BillingArchive>;

export const billingArchives = ownedCollection(["account"], BillingArchive);
/** Next to the account: `account/billing-archive`. */
export const billingArchiveId = "billing-archive";
