import * as z from "zod";
import { readProvenHead } from "#shared/audit/read-proven-head";
import { readRangeRoots } from "#shared/audit/read-subtrees";
import { signedLog } from "#shared/audit/signed-log";
import { noParams, ok } from "#shared/contract/common";
import { planConsistency } from "#shared/core/audit/merkle-proofs";
import { ConsistencyProof, consistencyProof } from "#shared/core/audit/proof-format";
import { ApiError } from "#shared/errors/api-error";
import { recordedRead } from "#shared/pipeline/recorded-read";

const size = z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER);

export const proveConsistency = recordedRead({
  name: "consistency",
  endpoint: "GET /v1/audit/consistency",
  summary: "Prove that the trail of `to` rows begins with the one of `from` rows.",
  params: noParams,
  query: z.object({ from: size, to: size }),
  refusals: ["AUDIT_PENDING"],
  reply: { 200: ConsistencyProof },
  read: async ({ caller: { owner }, query: { from, to }, deps: { store } }) => {
    requireAtMost("from", from, to);
    const { head } = await readProvenHead(store, owner, signedLog());
    requireAtMost("to", to, head.size);
    const hashes = await readRangeRoots(store, owner, planConsistency(from, to));
    return consistencyProof({ ownerId: owner.id, from, to }, hashes);
  },
  answer: ({ data }) => ok(data),
});

function requireAtMost(field: "from" | "to", value: number, max: number): void {
  if (value <= max) return;
  const message = `must be at most ${max}`;
  throw new ApiError("VALIDATION_FAILED", {
    message: `The parameter ${field} ${message}.`,
    details: [{ field, message }],
  });
}
