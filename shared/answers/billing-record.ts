import type * as z from "zod";
import type { BillingRecord } from "../contract/budget.ts";
import { iso, usd } from "../contract/common.ts";
import type { LedgerEntry } from "../store/owners.ts";

/** A line of the ledger as the API shows it. */
export function billingRecord(entry: LedgerEntry, ownerId: string): z.input<typeof BillingRecord> {
  return {
    id: entry.id,
    userId: ownerId,
    type: entry.type === "charge" ? "execution" : entry.type,
    recordType: entry.type,
    amount: usd(entry.type === "charge" ? -entry.amountMicrousd : entry.amountMicrousd),
    runId: entry.executionId,
    threadId: entry.threadId,
    description: entry.description,
    metadata: null,
    createdAt: iso(entry.createdAt),
  };
}
