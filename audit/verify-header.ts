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
const openedMax = 1_000;
/** A string, and the colon that makes it a field's name. */
const stringAndColon = /"(?:[^"\\]|\\.)*"[ \t\r\n]*(:?)/g;

/** Who must have signed the checkpoint. */
export interface TrustedKeys {
  /** The log's public key. Its name is the checkpoint's origin, or null if only bytes are known. */
  readonly log: { readonly name: string | null; readonly publicKey: Buffer };
  /** All of these must have cosigned it. */
  readonly witnesses: readonly NoteKey[];
}

export interface VerifiedHeader {
  readonly header: ExportHeader;
  readonly checkpoint: Checkpoint;
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
export function verifyProvenHead(proven: ProvenHead, keys: TrustedKeys, place: string): Checkpoint {
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
export function parseExact(text: Buffer): unknown {
  const value = parseJson(text);
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
export function parseJson(line: Buffer): unknown {
  let opened = 0;
  for (const byte of line) if (byte === listOpens || byte === objectOpens) opened += 1;
  if (opened > openedMax) return undefined;
  try {
    return JSON.parse(line.toString());
  } catch {
    return undefined;
  }
}

function readSigned(text: string, note: SignedNote, { log, witnesses }: TrustedKeys): Checkpoint {
  const name = log.name ?? note.text.split("\n", 1)[0] ?? "";
  const key: NoteKey = { name, kind: "note", publicKey: log.publicKey };
  const checkpoint = readCheckpoint(text, key);
  if (!checkpoint) throw new ExportFault("The checkpoint isn't signed by the given key.");
  const missing = witnesses.find((witness) => !verifyNote(note, witness));
  if (missing) throw new ExportFault(`The witness ${missing.name} hasn't cosigned the checkpoint.`);
  return checkpoint;
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
