/**
 * The files that prove one row, and that one tree continues another. Each is one JSON value, whose
 * spaces don't matter, since what is hashed is its canonical form.
 */
import * as z from "zod";
import { canonicalBytes } from "./canonical-bytes.ts";
import { hashList } from "./heads.ts";
import { isConsistent, rootFromInclusion } from "./merkle-proofs.ts";
import { type Hash, hashLeaf } from "./merkle-tree.ts";
import { hashOf, hexOf, ProvenHead } from "./proven-head.ts";

/** A tree of 2^53 leaves has no longer proofs; one of consistency has one hash more. */
const hashesMax = 54;
const size = z.int().min(0);
const hashes = hashList({ max: hashesMax });

export const proofFormat = "paddock-audit-proof-1";

/** A row's place in a tree. */
export const Inclusion = z.strictObject({
  /** The row's number in the tree, from 0. */
  index: size,
  /** The inclusion proof of RFC 6962, section 2.1.1, from the row up. */
  inclusion: hashes,
});

/** A row, and its place in a tree whose head is proven. */
export const AuditProof = ProvenHead.extend({
  format: z.literal(proofFormat),
  ...Inclusion.shape,
  /** The row. Fields that this release doesn't know are hashed with the others. */
  row: z.looseObject({ id: z.string(), ownerId: z.string() }),
});
export type AuditProof = z.infer<typeof AuditProof>;

export function auditProof(
  proven: ProvenHead,
  { index, inclusion, row }: Pick<AuditProof, "index" | "row"> & { inclusion: readonly Hash[] },
): AuditProof {
  return { format: proofFormat, ...proven, index, inclusion: inclusion.map(hexOf), row };
}

/** Whether the proof leads from the row to the root of its head. */
export function isRowProven({
  head,
  index,
  inclusion,
  row,
}: Pick<AuditProof, "head" | "index" | "inclusion"> & { readonly row: object }): boolean {
  const place = { index, size: head.size };
  const root = rootFromInclusion(hashLeaf(canonicalBytes(row)), place, inclusion.map(hashOf));
  return root !== null && hexOf(root) === head.root;
}

export const consistencyFormat = "paddock-audit-consistency-1";

/** That an owner's tree of `to` rows begins with the one of `from` rows. */
export const ConsistencyProof = z.strictObject({
  format: z.literal(consistencyFormat),
  ownerId: z.string(),
  from: size,
  to: size,
  /** The consistency proof of RFC 6962, section 2.1.2. */
  hashes,
});
export type ConsistencyProof = z.infer<typeof ConsistencyProof>;

export function consistencyProof(
  sizes: Pick<ConsistencyProof, "ownerId" | "from" | "to">,
  hashes: readonly Hash[],
): ConsistencyProof {
  return { format: consistencyFormat, ...sizes, hashes: hashes.map(hexOf) };
}

/** Whether the proof leads from one head's root to the other's. Nothing vouches for it but them. */
export function isContinued(
  earlier: ProvenHead["head"],
  later: ProvenHead["head"],
  proof: ConsistencyProof,
): boolean {
  const treeOf = ({ size, root }: ProvenHead["head"]) => ({ size, root: hashOf(root) });
  return isConsistent(treeOf(earlier), treeOf(later), proof.hashes.map(hashOf));
}
