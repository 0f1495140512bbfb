import { billingRecord } from "#shared/answers/billing-record";
import { BillingRecord } from "#shared/contract/budget";
import { listBody, listOf, noParams, ok } from "#shared/contract/common";
import { route } from "#shared/pipeline/route";
import { RecordsQuery, readRecords } from "./read-records.ts";

export const listRecords = route({
  answers: "GET /v1/billing/records",
  summary: "The ledger's lines, newest first.",
  authenticate: "api-key",
  scope: "billing:read",
  params: noParams,
  query: RecordsQuery,
  body: "none",
  bodyBytesMax: 0,
  limits: "reads",
  budget: "free",
  audit: "none",
  reply: { 200: listOf(BillingRecord) },
  read: async ({ caller, query, deps }) => await readRecords(deps.store, caller.owner, query),
  decide({ caller, query, data }) {
    const records = data.items.map((entry) => billingRecord(entry, caller.owner.id));
    return { writes: [], reply: ok(listBody(records, { ...query, total: data.total })) };
  },
});
