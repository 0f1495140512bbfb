/** Exports of audit trails as the sequencer would leave them, with a log key made for the test. */
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import type { AuditRow } from "#shared/core/audit/audit-row";
import { canonicalBytes } from "#shared/core/audit/canonical-bytes";
import { formatCheckpoint, formatLogProof } from "#shared/core/audit/checkpoint";
import {
  type ExportHeader,
  rootFromTiles,
  tileLines,
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
import { planInclusion } from "#shared/core/audit/merkle-proofs";
import { frontierOf, hashLeaf, rootOf } from "#shared/core/audit/merkle-tree";
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

const hex = (hash: Buffer) => hash.toString("hex");

/** The header of a trail whose tiles have these roots. @param options `number` is what the epoch
 * claims to be; the log has it in place 5. */
export function exportHeader(
  tiles: readonly Buffer[],
  {
    size,
    log,
    number = earlierEpochs,
  }: { readonly size: number; readonly log: LogKey; readonly number?: number },
): ExportHeader {
  const root = rootFromTiles(tiles);
  const head = { v: 1 as const, ownerId, size, root: hex(root) };
  const map = mapWith(size > 0 ? headValue(head) : null);
  const epoch: AuditEpoch = { v: 1, number, at: 0, mapRoot: hex(map.root) };
  const leaves = Array.from({ length: earlierEpochs }, () => hashLeaf(emptySubtree));
  leaves.push(epochLeaf(epoch));
  const hashes = planInclusion(earlierEpochs, leaves.length).map(({ start, end }) =>
    rootOf(frontierOf(leaves.slice(start, end))),
  );
  const checkpoint = { size: leaves.length, root: rootOf(frontierOf(leaves)) };
  const text = formatCheckpoint({ origin: log.key.name, ...checkpoint });
  const signature = signatureOf(log.key, sign(null, Buffer.from(text), log.privateKey));
  const note = formatNote({ text, signatures: [signature] });
  const { end, siblings } = map.proof;
  return {
    format: "paddock-audit-export-1",
    head,
    position: hex(map.position),
    map: {
      siblings: siblings.map(hex),
      end: end && { position: hex(end.position), value: hex(end.value) },
    },
    epoch,
    proof: formatLogProof({ index: earlierEpochs, hashes, note }),
    tiles: tiles.map(hex),
  };
}

/** The lines of a whole export of `size` rows. */
export function exportLines(size: number, log: LogKey): Buffer[] {
  const rows = Array.from({ length: size }, (_, number) => canonicalBytes(sampleRow(number)));
  const tiles: Buffer[][] = [];
  for (let start = 0; start < size; start += tileRows) {
    tiles.push(rows.slice(start, start + tileRows));
  }
  const roots = tiles.map((tile) => tileRoot(tile.map(hashLeaf)));
  const header = exportHeader(roots, { size, log });
  return [Buffer.from(JSON.stringify(header)), ...tiles.flatMap(tileLines)];
}
