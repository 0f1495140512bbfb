import * as z from "zod";
import { notYetProven, readProvenHead } from "#shared/audit/read-proven-head";
import { readRangeRoots } from "#shared/audit/read-subtrees";
import { signedLog } from "#shared/audit/signed-log";
import { noQuery, ok } from "#shared/contract/common";
import { AuditRow } from "#shared/core/audit/audit-row";
import { planInclusion } from "#shared/core/audit/merkle-proofs";
import { AuditProof, auditProof } from "#shared/core/audit/proof-format";
import { idSchema } from "#shared/core/ids";
import { ApiError } from "#shared/errors/api-error";
import { recordedRead } from "#shared/pipeline/recorded-read";
import { auditRows } from "#shared/store/audit-rows";

export const proveRow = recordedRead({
  name: "proof",
  endpoint: "GET /v1/audit/:auditId/proof",
  summary: "Prove an audit row: a file for npm run audit:verify.",
  params: z.object({ auditId: idSchema("auditRow") }),
  query: noQuery,
  refusals: ["AUDIT_PENDING"],
  reply: { 200: AuditProof },
  read: async ({ caller: { owner }, params: { auditId }, deps: { store } }) => {
    const { value } = await store.require(auditRows.of(owner, auditId));
    const { sequence: index, unsequenced } = value;
    if (index === null && unsequenced === null) throw outside();
    if (index === null) {
      throw notYetProven("The row has no place in the tree yet; try again in a minute.");
    }
    const proven = await readProvenHead(store, owner, signedLog());
    const { size } = proven.head;
    if (index >= size) {
      throw notYetProven("No signed checkpoint has the row yet; try again in a minute.");
    }
    const inclusion = await readRangeRoots(store, owner, planInclusion(index, size));
    return auditProof(proven, { index, inclusion, row: AuditRow.parse(value) });
  },
  answer: ({ data }) => ok(data),
});

/** Rows of early releases have neither a place nor the mark by which they would get one. */
function outside(): ApiError {
  const message = "The row was written before rows got places in a tree, so nothing proves it.";
  return new ApiError("NOT_FOUND", { message });
}
