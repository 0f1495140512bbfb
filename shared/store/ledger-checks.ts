import * as z from "zod";
import { LedgerSums } from "../core/money/ledger.ts";
import { ownedCollection, systemCollection } from "./documents.ts";

/** How far an owner's ledger has been added up, so that a check reads what came since alone. */
const LedgerCheck = z.object({
  v: z.literal(1),
  sums: LedgerSums,
  /** The last line that is in the sums; null for none. */
  place: z.object({ value: z.int(), id: z.string() }).nullable(),
  /** Since something was amiss, all lines are added up anew, lest the sums themselves be wrong. */
  recounting: z.boolean(),
  /** Of the account that was last found in order: while it has it, there is nothing to check. */
  accountVersion: z.string().nullable(),
  checkedAt: z.int(),
});
export type LedgerCheck = z.infer<typeof LedgerCheck>;

export const ledgerChecks = ownedCollection(["account"], LedgerCheck);
/** Beside the account: `account/ledger-check`. */
export const ledgerCheckId = "ledger-check";

/** How far the round of all owners has come. */
export const ledgerRounds = systemCollection(
  "system",
  z.object({ v: z.literal(1), afterOwnerId: z.string().nullable() }),
);
export const ledgerRoundId = "ledger-round";
