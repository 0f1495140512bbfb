/** Verifies a head, from the signature down, and an export's first line, down to its tiles. */
import {
  type Checkpoint,
  isProven,
  parseLogProof,
  readCheckpoint,
} from "#shared/core/audit/checkpoint";
import { ExportHeader, rootFromTiles, tileRows } from "#shared/core/audit/export-format";
import { epochLeaf, headValue } from "#shared/core/audit/heads";
import { readMapProof } from "#shared/core/audit/heads-map";
import { hashOf, hexOf, type ProvenHead } from "#shared/core/audit/proven-head";
import {
  type NoteKey,
  parseNote,
  type SignedNote,
  verifyNote,
} from "#shared/core/audit/signed-note";

const [listOpens, objectOpens] = Buffer.from("[{");
const openedInLineMax = 1_000;
const everySize = { from: 0, to: null };
/** A string, and the colon that makes it a field's name. */
const stringAndColon = /"(?:[^"\\]|\\.)*"[ \t\r\n]*(:?)/g;

/** A public key that a reader trusts. */
export interface TrustedKey {
  /** The log's name, which is the checkpoint's origin; null if only bytes are known. */
  readonly name: string | null;
  readonly publicKey: Buffer;
  /** The sizes of the checkpoints that it may sign, if that is known; `to` is null for the last. */
  readonly sizes?: { readonly from: number; readonly to: number | null };
}

/** Who must have signed the checkpoint. */
export interface TrustedKeys {
  /** One of these; a log has several after its key was replaced. */
  readonly logs: readonly TrustedKey[];
  /** All of these must have cosigned it. */
  readonly witnesses: readonly NoteKey[];
}

/** A checkpoint, and when each of the witnesses has cosigned it. */
export interface VerifiedCheckpoint extends Checkpoint {
  readonly cosigned: readonly { readonly name: string; readonly signedAt: Date }[];
}

export interface VerifiedHeader {
  readonly header: ExportHeader;
  readonly checkpoint: VerifiedCheckpoint;
}

/** A reason why a file proves nothing, as a sentence. */
export class ExportFault extends Error {
  override readonly name = "ExportFault";
}

/** @throws {ExportFault} unless the signed checkpoint vouches for the header. */
export function verifyHeader(line: Buffer, keys: TrustedKeys): VerifiedHeader {
  const { data: header } = ExportHeader.safeParse(parseExact(line));
  if (!header) throw new ExportFault("Line 1 isn't the header of an audit export.");
  const { head } = header;
  const checkpoint = verifyProvenHead(header, keys, "line 1");
  const tiles = header.tiles.map(hashOf);
  const isWhole = tiles.length === Math.ceil(head.size / tileRows);
  if (!isWhole || hexOf(rootFromTiles(tiles)) !== head.root) {
    throw new ExportFault("The hashes of the tiles in line 1 don't lead to the signed head.");
  }
  return { header, checkpoint };
}

/**
 * @param place Where the head stands, for the sentence.
 * @throws {ExportFault} unless the signed checkpoint vouches for the head.
 */
export function verifyProvenHead(
  proven: ProvenHead,
  keys: TrustedKeys,
  place: string,
): VerifiedCheckpoint {
  const { epoch } = proven;
  const proof = parseLogProof(proven.proof);
  const note = proof && parseNote(proof.note);
  if (!proof || !note) throw new ExportFault(`The proof in ${place} isn't a tlog-proof.`);
  const checkpoint = readSigned(proof.note, note, keys);
  if (proof.index !== epoch.number || !isProven(epochLeaf(epoch), proof, checkpoint)) {
    throw new ExportFault(`The signed checkpoint doesn't have the epoch that ${place} names.`);
  }
  verifyHead(proven, place);
  return checkpoint;
}

/**
 * As `parseJson`, and undefined if readers of JSON could disagree about the value: if a field is
 * there twice, or is called `__proto__`, which sets an object's prototype when it is copied, or if
 * a number is too large.
 */
export function parseExact(text: Buffer, openedMax = openedInLineMax): unknown {
  const value = parseJson(text, openedMax);
  let fields = 0;
  for (const [, colon] of text.toString().matchAll(stringAndColon)) if (colon) fields += 1;
  return countFields(value) === fields ? value : undefined;
}

/** How many fields all objects have; NaN if one is `__proto__`, or a number isn't a number. */
function countFields(value: unknown): number {
  // JSON.parse makes Infinity of 1e999, which has no canonical form.
  if (typeof value === "number" && !Number.isFinite(value)) return Number.NaN;
  if (typeof value !== "object" || value === null) return 0;
  const names = Array.isArray(value) ? [] : Object.keys(value);
  if (names.includes("__proto__")) return Number.NaN;
  return Object.values(value).reduce((sum, inner) => sum + countFields(inner), names.length);
}

/**
 * The value of a line of JSON; undefined if it isn't JSON, or has more lists and objects than any
 * line of a trail. A line is parsed before it is proven, and millions of lists take gigabytes.
 */
export function parseJson(line: Buffer, openedMax = openedInLineMax): unknown {
  let opened = 0;
  for (const byte of line) if (byte === listOpens || byte === objectOpens) opened += 1;
  if (opened > openedMax) return undefined;
  try {
    return JSON.parse(line.toString());
  } catch {
    return undefined;
  }
}

function readSigned(
  text: string,
  note: SignedNote,
  { logs, witnesses }: TrustedKeys,
): VerifiedCheckpoint {
  const checkpoint = readBySomeKey(text, note, logs);
  const cosigned = witnesses.map((witness) => {
    const signedAt = verifyNote(note, witness)?.signedAt;
    if (typeof signedAt === "bigint") {
      return { name: witness.name, signedAt: new Date(Number(signedAt) * 1_000) };
    }
    throw new ExportFault(`The witness ${witness.name} hasn't cosigned the checkpoint.`);
  });
  return { ...checkpoint, cosigned };
}

function readBySomeKey(text: string, note: SignedNote, keys: readonly TrustedKey[]): Checkpoint {
  const signed = keys.flatMap(({ name, publicKey, sizes }) => {
    const signer = name ?? note.text.split("\n", 1)[0] ?? "";
    const checkpoint = readCheckpoint(text, { name: signer, kind: "note", publicKey });
    return checkpoint ? [{ checkpoint, sizes }] : [];
  });
  const [first] = signed;
  if (!first) throw new ExportFault("The checkpoint isn't signed by the given key.");
  const valid = signed.find(({ checkpoint: { size }, sizes: { from, to } = everySize }) => {
    return size >= from && size <= (to ?? size);
  });
  if (valid) return valid.checkpoint;
  const { size } = first.checkpoint;
  throw new ExportFault(
    `The key that has signed checkpoint ${size} wasn't the log's at that size.`,
  );
}

function verifyHead({ head, position, map, epoch }: ProvenHead, place: string): void {
  const end = map.end && { position: hashOf(map.end.position), value: hashOf(map.end.value) };
  const siblings = map.siblings.map(hashOf);
  const found = readMapProof(hashOf(position), { siblings, end });
  if (!found || hexOf(found.root) !== epoch.mapRoot) {
    throw new ExportFault(`The epoch's map doesn't have what ${place} says of the owner.`);
  }
  if (!found.value?.equals(headValue(head)))
    throw new ExportFault("The signed map has another head of the owner's trail.");
}
