import * as z from "zod";
import { LedgerSums } from "../core/money/ledger.ts";
import { ownedCollection } from "./documents.ts";

/** How far an owner's ledger has been added up, so that a check reads only newer lines. */
const LedgerCheck = z.object({
  v: z.literal(1),
  sums: LedgerSums,
  /** The last line that the sums include; null for none. */
  place: z.object({ value: z.int(), id: z.string() }).nullable(),
  /** Whether all lines are being added up from the first one, because the sums may be wrong. */
  recounting: z.boolean(),
  /**
   * The account's version at the last successful check. An unchanged account isn't checked again.
   */
  accountVersion: z.string().nullable(),
  checkedAt: z.int(),
});
export type LedgerCheck = z.infer<typeof LedgerCheck>;

export const ledgerChecks = ownedCollection(["account"], LedgerCheck);
/** Next to the account: `account/ledger-check`. */
export const ledgerCheckId = "ledger-check";
