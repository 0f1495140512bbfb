/** Verifies the proof of one row, and that an owner's later tree continues an earlier one. */
import {
  type AuditProof,
  type ConsistencyProof,
  isContinued,
  isRowProven,
} from "#shared/core/audit/proof-format";
import type { ProvenHead } from "#shared/core/audit/proven-head";
import {
  ExportFault,
  type TrustedKeys,
  type VerifiedCheckpoint,
  verifyProvenHead,
} from "./verify-header.ts";

/** @throws {ExportFault} unless the signed checkpoint vouches for the row. */
export function verifyProof(proof: AuditProof, keys: TrustedKeys): VerifiedCheckpoint {
  const checkpoint = verifyProvenHead(proof, keys, "the proof");
  const { head, row } = proof;
  if (row.ownerId !== head.ownerId) throw new ExportFault("The entry is another owner's.");
  if (isRowProven(proof)) return checkpoint;
  throw new ExportFault(
    "The signed head has another entry there: the row or its place was edited.",
  );
}

/** Two heads of an owner's trail, and what should show that one continues the other. */
export interface Continuation {
  readonly earlier: ProvenHead;
  readonly later: ProvenHead;
  readonly proof: ConsistencyProof;
}

/**
 * Both heads are verified as well.
 * @throws {ExportFault} unless the later trail has all entries of the earlier one, unchanged.
 */
export function verifyContinuation(
  { earlier, later, proof }: Continuation,
  keys: TrustedKeys,
): { readonly earlier: VerifiedCheckpoint; readonly later: VerifiedCheckpoint } {
  const checkpoints = {
    earlier: verifyProvenHead(earlier, keys, "the earlier file"),
    later: verifyProvenHead(later, keys, "the later file"),
  };
  const owners = [earlier.head.ownerId, later.head.ownerId, proof.ownerId];
  if (new Set(owners).size > 1) throw new ExportFault("The files are of several owners.");
  if (earlier.position !== later.position) {
    throw new ExportFault("The owner has another position in the map: there are two trails.");
  }
  const sizes = [earlier.head.size, later.head.size];
  if (proof.from !== sizes[0] || proof.to !== sizes[1]) {
    throw new ExportFault(
      `The proof is of ${proof.from} and ${proof.to} entries, the heads are of ${sizes.join(" and ")}.`,
    );
  }
  if (isContinued(earlier.head, later.head, proof)) return checkpoints;
  throw new ExportFault(
    "The proof doesn't lead from one head to the other: the trail was rewritten, unless the " +
      "proof itself was changed.",
  );
}
