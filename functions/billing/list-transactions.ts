import * as z from "zod";
import { billingRecord } from "#shared/answers/billing-record";
import { noParams, ok, usd } from "#shared/contract/common";
import { ownedRead } from "#shared/pipeline/owned-route";
import { query } from "#shared/pipeline/route";
import { RecordsQuery, readRecords } from "./read-records.ts";

const Transactions = z.object({
  transactions: z.array(
    z.object({
      id: z.string(),
      type: z.string(),
      amount: z.number(),
      description: z.string().nullable(),
      createdAt: z.string(),
    }),
  ),
  pagination: z.object({ total: z.int(), limit: z.int(), offset: z.int() }),
});

export const listTransactions = query({
  endpoint: "GET /v1/billing/transactions",
  summary: "The ledger's entries as changes of the balance, newest first.",
  ...ownedRead("billing:read"),
  params: noParams,
  query: RecordsQuery,
  reply: { 200: Transactions },
  read: async ({ caller, query, deps }) => await readRecords(deps.store, caller.owner, query),
  answer({ caller, query: { limit, offset }, data }) {
    const transactions = data.items.map((entry) => {
      const { id, type, description, createdAt } = billingRecord(entry, caller.owner);
      return { id, type, amount: usd(entry.amountMicrousd), description, createdAt };
    });
    const pagination = { total: data.total, limit, offset };
    return ok({ transactions, pagination });
  },
});
