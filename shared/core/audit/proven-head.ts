/**
 * The head of an owner's tree with all that proves it: the way from the head to the map's root, the
 * epoch that has this root, and the way from the epoch to a signed checkpoint. Exports and proofs
 * begin with it.
 */
import * as z from "zod";
import { idSchema } from "../ids.ts";
import { formatLogProof, type LogProof } from "./checkpoint.ts";
import { AuditEpoch, AuditHead, hashList, hexHash } from "./heads.ts";
import type { MapProof } from "./heads-map.ts";
import type { Hash } from "./merkle-tree.ts";

export const ProvenHead = z.strictObject({
  /**
   * A tree with rows. That the map has nothing at a position proves nothing about an owner, because
   * only the deployment knows whose position it is.
   */
  head: AuditHead.extend({ ownerId: idSchema("owner"), size: z.int().min(1) }),
  /** The owner's position in the map. */
  position: hexHash,
  /** What proves that the map has the head there; see `MapProof`. */
  map: z.strictObject({
    siblings: hashList({ max: 256 }),
    end: z.strictObject({ position: hexHash, value: hexHash }).nullable(),
  }),
  epoch: AuditEpoch,
  /** That the log has the epoch, with the checkpoint: a `tlog-proof`. */
  proof: z.string(),
});
export type ProvenHead = z.infer<typeof ProvenHead>;

interface HeadProofs extends Pick<ProvenHead, "head" | "epoch"> {
  readonly position: Hash;
  readonly map: MapProof;
  readonly log: LogProof;
}

/** The stated form of a head and its proofs. Nothing is verified here. */
export function provenHead({ head, epoch, position, map, log }: HeadProofs): ProvenHead {
  const { siblings, end } = map;
  return {
    head,
    position: hexOf(position),
    map: {
      siblings: siblings.map(hexOf),
      end: end && { position: hexOf(end.position), value: hexOf(end.value) },
    },
    epoch,
    proof: formatLogProof(log),
  };
}

/** A hash as it is stored and written. */
export function hexOf(hash: Hash): string {
  return hash.toString("hex");
}

/** The bytes of a hash in hexadecimal. */
export function hashOf(hex: string): Hash {
  return Buffer.from(hex, "hex");
}
