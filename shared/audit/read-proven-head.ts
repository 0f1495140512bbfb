/** Reads an owner's published head and what proves it, as the last signed checkpoint has it. */

import { headValue } from "../core/audit/heads.ts";
import { bucketOf, mapPosition, mapRoot, proveEntry } from "../core/audit/heads-map.ts";
import { proveAppended } from "../core/audit/merkle-proofs.ts";
import { hashOf, hexOf, type ProvenHead, provenHead } from "../core/audit/proven-head.ts";
import { Fault } from "../core/fault.ts";
import { allInOrder } from "../errors/all-in-order.ts";
import { ApiError } from "../errors/api-error.ts";
import type { Owner } from "../identity/owner.ts";
import {
  type AuditLog,
  auditBuckets,
  auditEpochs,
  auditLogs,
  auditMapId,
  auditMaps,
  auditTreeId,
  auditTrees,
} from "../store/audit-trees.ts";
import type { ReadSnapshot } from "../store/read-snapshot.ts";
import type { ReadStore } from "../store/store.ts";

/** A log, and where its signed checkpoints are. */
export interface SignedLog {
  readonly origin: string;
  /** The note of the checkpoint with this size; null if there is none. */
  readNote(size: number): Promise<string | null>;
}

/** The sequencer is called every minute. */
const sequencedAfterS = "60";
/** Signing takes less than a second. */
const signedAfterS = "5";

/** @param message Why there is no proof yet. */
export function notYetProven(message: string, retryAfterS = sequencedAfterS): ApiError {
  return new ApiError("AUDIT_PENDING", { message, headers: { "retry-after": retryAfterS } });
}

/**
 * Everything comes from one snapshot, and must belong to the log's last epoch: the map moves on
 * when the next one is made, some moments before that is signed.
 * @throws {ApiError} `AUDIT_PENDING` if no signed checkpoint has the owner's trail as it is stored.
 */
export async function readProvenHead(
  store: Pick<ReadStore, "withSnapshot">,
  owner: Owner,
  log: SignedLog,
): Promise<ProvenHead> {
  const read = await store.withSnapshot(async (snapshot) => readPublished(snapshot, owner, log));
  const note = await log.readNote(read.size);
  if (note === null) throw new Fault("the log's last checkpoint isn't stored");
  return provenHead({ ...read, log: { index: read.epoch.number, hashes: read.hashes, note } });
}

async function readPublished(snapshot: ReadSnapshot, owner: Owner, { origin }: SignedLog) {
  const name = encodeURIComponent(origin);
  const [tree, map, log] = await allInOrder([
    snapshot.get(auditTrees.of(owner, auditTreeId)),
    snapshot.get(auditMaps.doc(auditMapId)),
    snapshot.get(auditLogs.doc(name)),
  ]);
  const published = tree.value?.published;
  if (!published || !map.value) {
    throw notYetProven("The trail isn't under a signed checkpoint yet; try again in a minute.");
  }
  const hashes = proofOfLast(log.value);
  const size = log.value?.size ?? 0;
  const position = mapPosition(hashOf(map.value.secret), owner.id);
  const [epoch, bucket] = await allInOrder([
    snapshot.get(auditEpochs.doc(`${name}-${size - 1}`)),
    snapshot.get(auditBuckets.doc(String(bucketOf(position)))),
  ]);
  const buckets = map.value.bucketRoots.map(hashOf);
  if (!epoch.value || hexOf(mapRoot(buckets)) !== epoch.value.mapRoot) throw beingSigned();
  const entries = (bucket.value?.entries ?? []).map((entry) => ({
    position: hashOf(entry.position),
    value: hashOf(entry.value),
  }));
  const head = { v: 1, ownerId: owner.id, size: published.size, root: published.root } as const;
  const proof = proveEntry(position, { bucket: entries, buckets });
  // Somebody who has changed the database can't make another head provable.
  if (!proof.end?.value.equals(headValue(head))) throw new Fault("the map has another head");
  return { head, epoch: epoch.value, position, map: proof, hashes, size };
}

/** @throws {ApiError} `AUDIT_PENDING` if the log has no epoch that could be proven. */
function proofOfLast(log: AuditLog | null) {
  if (!log || log.size === 0 || log.rootsBefore === null) throw beingSigned();
  return proveAppended({ size: log.size - 1, roots: log.rootsBefore.map(hashOf) });
}

function beingSigned(): ApiError {
  return notYetProven("The next checkpoint is being signed; try again in a moment.", signedAfterS);
}
