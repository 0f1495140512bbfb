import * as z from "zod";
import { LedgerSums } from "../core/money/ledger.ts";
import { ownedCollection, systemCollection } from "./documents.ts";

/** How far an owner's ledger has been added up, so that a check reads only newer lines. */
const LedgerCheck = z.object({
  v: z.literal(1),
  sums: LedgerSums,
  /** The last line that is in the sums; null for none. */
  place: z.object({ value: z.int(), id: z.string() }).nullable(),
  /** After a fault, all lines are added up from the start, in case the sums are wrong. */
  recounting: z.boolean(),
  /**
   * The account version that was last found in order; while it is current, there is nothing to
   * check.
   */
  accountVersion: z.string().nullable(),
  checkedAt: z.int(),
});
export type LedgerCheck = z.infer<typeof LedgerCheck>;

export const ledgerChecks = ownedCollection(["account"], LedgerCheck);
/** Next to the account: `account/ledger-check`. */
export const ledgerCheckId = "ledger-check";

/** How far the current round over all owners has come. */
export const ledgerRounds = systemCollection(
  "system",
  z.object({ v: z.literal(1), afterOwnerId: z.string().nullable() }),
);
export const ledgerRoundId = "ledger-round";
