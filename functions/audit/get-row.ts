import * as z from "zod";
import { auditRowBody } from "#shared/answers/audit-row-body";
import { AuditRowBody } from "#shared/contract/audit";
import { noQuery, ok } from "#shared/contract/common";
import { idSchema } from "#shared/core/ids";
import { recordedRead } from "#shared/pipeline/recorded-read";
import { auditRows } from "#shared/store/audit-rows";

export const getRow = recordedRead({
  name: "row",
  endpoint: "GET /v1/audit/:auditId",
  summary: "Get an audit row.",
  params: z.object({ auditId: idSchema("auditRow") }),
  query: noQuery,
  reply: { 200: z.object({ audit: AuditRowBody }) },
  read: async ({ caller: { owner }, params: { auditId }, deps }) =>
    (await deps.store.require(auditRows.of(owner, auditId))).value,
  answer: ({ data }) => ok({ audit: auditRowBody(data) }),
});
