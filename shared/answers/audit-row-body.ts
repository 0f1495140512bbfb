import type * as z from "zod";
import type { AuditRowBody } from "../contract/audit.ts";
import { iso } from "../contract/common.ts";
import type { StoredAuditRow } from "../store/audit-rows.ts";

/** An audit row as the API shows it, without what is sealed. */
export function auditRowBody(row: z.output<typeof StoredAuditRow>): AuditRowBody {
  const { id, actor, action, subject, requestId, facts, sequence, leafHash } = row;
  return {
    id,
    createdAt: iso(row.at),
    actor,
    action,
    subject,
    requestId,
    facts,
    details: row.sealedDetails === null ? null : "sealed",
    sequence,
    leafHash,
  };
}
