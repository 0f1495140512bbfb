import * as z from "zod";
import { BillingRecord, billingRecord } from "#shared/contract/budget";
import { listBody, listOf, noParams, ok, PageQuery } from "#shared/contract/common";
import { route } from "#shared/pipeline/route";
import { ledger } from "#shared/store/owners";

const instant = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
const types = {
  execution: "charge",
  charge: "charge",
  credit: "credit",
  adjustment: "adjustment",
} as const;

/** `since` and `until` are the SDK's names, `from` and `to` the published API's. */
const RecordsQuery = PageQuery.extend({
  since: instant.optional(),
  from: instant.optional(),
  until: instant.optional(),
  to: instant.optional(),
  type: z.enum(["execution", "charge", "credit", "adjustment"]).optional(),
});

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
  read: async ({ caller, query, deps }) =>
    await deps.store.page(ledger.all(caller.owner), {
      where: query.type ? [["type", types[query.type]]] : [],
      between: { field: "createdAt", from: query.since ?? query.from, to: query.until ?? query.to },
      orderBy: [["createdAt", "desc"]],
      limit: query.limit,
      offset: query.offset,
    }),
  decide({ caller, query, data }) {
    const records = data.items.map((entry) => billingRecord(entry, caller.owner.id));
    return { writes: [], reply: ok(listBody(records, { ...query, total: data.total })) };
  },
});
