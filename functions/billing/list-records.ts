import { billingRecord } from "#shared/answers/billing-record";
import { BillingRecord } from "#shared/contract/budget";
import { listBody, listOf, noParams, ok } from "#shared/contract/common";
import { ownedRead } from "#shared/pipeline/owned-route";
import { query } from "#shared/pipeline/route";
import { RecordsQuery, readRecords } from "./read-records.ts";

export const listRecords = query({
  endpoint: "GET /v1/billing/records",
  summary: "The ledger's entries, newest first.",
  ...ownedRead("billing:read"),
  params: noParams,
  query: RecordsQuery,
  reply: { 200: listOf(BillingRecord) },
  read: async ({ caller, query, deps }) => await readRecords(deps.store, caller.owner, query),
  answer({ caller, query, data }) {
    const records = data.items.map((entry) => billingRecord(entry, caller.owner));
    return ok(listBody(records, { ...query, total: data.total }));
  },
});
