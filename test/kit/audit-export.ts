/** Exports of audit trails as the sequencer would leave them, with a log key made for the test. */
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import type { AuditRow } from "#shared/core/audit/audit-row";
import { canonicalBytes } from "#shared/core/audit/canonical-bytes";
import { formatCheckpoint } from "#shared/core/audit/checkpoint";
import {
  exportHeader,
  rootFromTiles,
  tileLine,
  tileRoot,
  tileRows,
} from "#shared/core/audit/export-format";
import { type AuditEpoch, epochLeaf, headValue } from "#shared/core/audit/heads";
import {
  bucketOf,
  bucketRoot,
  bucketsCount,
  emptySubtree,
  type MapEntry,
  mapPosition,
  mapRoot,
  proveEntry,
} from "#shared/core/audit/heads-map";
import { proveAppended } from "#shared/core/audit/merkle-proofs";
import { frontierOf, hashLeaf, rootOf } from "#shared/core/audit/merkle-tree";
import { hexOf, type ProvenHead, provenHead } from "#shared/core/audit/proven-head";
import { formatNote, type NoteKey, signatureOf } from "#shared/core/audit/signed-note";

export const ownerId = "user_000000000000000000001";
const secret = Buffer.alloc(32, 7);
/** Epochs before the export's own. */
const earlierEpochs = 5;

export interface LogKey {
  readonly key: NoteKey;
  readonly privateKey: KeyObject;
}

export function makeKey(name: string, kind: NoteKey["kind"] = "note"): LogKey {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const raw = publicKey.export({ format: "der", type: "spki" }).subarray(-32);
  return { key: { name, kind, publicKey: raw }, privateKey };
}

export function sampleRow(number: number): AuditRow {
  return {
    v: 1,
    id: `aud_${String(number).padStart(21, "0")}`,
    ownerId,
    at: 1_767_225_600_000 + number,
    actor: { type: "key", id: "key_000000000000000000001" },
    action: "agent.created",
    subject: `agent_${String(number).padStart(21, "0")}`,
    requestId: `req_${number}`,
    facts: { model: "shell", count: number },
    sealedDetails: null,
  };
}

/** The map of a deployment with other owners, and the proof of `value` at the owner's position. */
function mapWith(value: Buffer | null) {
  const others = Array.from({ length: 600 }, (_, index) => `user_${index}`);
  const entries: MapEntry[] = others.map((id) => ({
    position: mapPosition(secret, id),
    value: hashLeaf(Buffer.from(id)),
  }));
  const position = mapPosition(secret, ownerId);
  if (value) entries.push({ position, value });
  const inBucket = (bucket: number) =>
    entries.filter((entry) => bucketOf(entry.position) === bucket);
  const buckets = Array.from({ length: bucketsCount }, (_, bucket) => bucketRoot(inBucket(bucket)));
  const bucket = inBucket(bucketOf(position));
  return { position, root: mapRoot(buckets), proof: proveEntry(position, { bucket, buckets }) };
}

/** The proven head of a trail. @param stated `number` is what the epoch claims to be; the log has
 * it in place 5. */
export function sampleHead(
  tree: { readonly size: number; readonly root: Buffer },
  log: LogKey,
  { number = earlierEpochs }: { readonly number?: number } = {},
): ProvenHead {
  const head = { v: 1 as const, ownerId, size: tree.size, root: hexOf(tree.root) };
  const map = mapWith(tree.size > 0 ? headValue(head) : null);
  const epoch: AuditEpoch = { v: 1, number, at: 0, mapRoot: hexOf(map.root) };
  const leaves = Array.from({ length: earlierEpochs }, () => hashLeaf(emptySubtree));
  const hashes = proveAppended(frontierOf(leaves));
  const { size, roots } = frontierOf([...leaves, epochLeaf(epoch)]);
  const text = formatCheckpoint({ origin: log.key.name, size, root: rootOf({ size, roots }) });
  const signature = signatureOf(log.key, sign(null, Buffer.from(text), log.privateKey));
  const note = formatNote({ text, signatures: [signature] });
  const { position, proof } = map;
  const logProof = { index: earlierEpochs, hashes, note };
  return provenHead({ head, position, map: proof, epoch, log: logProof });
}

/** The canonical rows of a trail of this size. */
export function sampleRows(size: number): Buffer[] {
  return Array.from({ length: size }, (_, number) => canonicalBytes(sampleRow(number)));
}

/** The lines of a whole export of `size` rows. */
export function exportLines(size: number, log: LogKey): Buffer[] {
  const rows = sampleRows(size);
  const leaves = rows.map(hashLeaf);
  const starts = Array.from({ length: Math.ceil(size / tileRows) }, (_, tile) => tile * tileRows);
  const roots = starts.map((start) => tileRoot(leaves.slice(start, start + tileRows)));
  const header = exportHeader(sampleHead({ size, root: rootFromTiles(roots) }, log), roots);
  const tiles = starts.flatMap((start) => [
    tileLine(leaves.slice(start, start + tileRows).map(hexOf)),
    ...rows.slice(start, start + tileRows),
  ]);
  return [Buffer.from(JSON.stringify(header)), ...tiles];
}
