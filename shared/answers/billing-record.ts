import type * as z from "zod";
import type { BillingRecord } from "../contract/budget.ts";
import { iso, usd } from "../contract/common.ts";
import type { LedgerEntry } from "../store/owners.ts";

/** Who asks: a key that is limited to environments isn't told what ran in others. */
interface Asking {
  readonly id: string;
  readonly environmentIds: readonly string[] | null;
}

/** A line of the ledger as the API shows it. */
export function billingRecord(
  entry: LedgerEntry,
  { id: ownerId, environmentIds }: Asking,
): z.input<typeof BillingRecord> {
  const { environmentId } = entry;
  const isShown =
    environmentIds === null || (environmentId !== null && environmentIds.includes(environmentId));
  return {
    id: entry.id,
    userId: ownerId,
    type: entry.type === "charge" ? "execution" : entry.type,
    recordType: entry.type,
    amount: usd(entry.type === "charge" ? -entry.amountMicrousd : entry.amountMicrousd),
    runId: isShown ? entry.executionId : null,
    threadId: isShown ? entry.threadId : null,
    description: entry.description,
    metadata: null,
    createdAt: iso(entry.createdAt),
  };
}
