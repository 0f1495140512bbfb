/**
 * Notes that several keys may sign (https://c2sp.org/signed-note), with Ed25519, and the
 * cosignatures of witnesses (https://c2sp.org/tlog-cosignature, type 0x04).
 */
import { createHash, createPublicKey, verify } from "node:crypto";

/** The kinds of signatures that are read here; notes may have others, which are ignored. */
const kinds = { note: 0x01, cosignature: 0x04 } as const;
export type NoteKeyKind = keyof typeof kinds;

/** A public key, as a verifier is told it. */
export interface NoteKey {
  /** Who signs: neither spaces nor a plus. */
  readonly name: string;
  readonly kind: NoteKeyKind;
  /** Ed25519, 32 bytes. */
  readonly publicKey: Buffer;
}

interface NoteSignature {
  readonly name: string;
  /** The key's id (4 bytes), and the signature. */
  readonly bytes: Buffer;
}

export interface SignedNote {
  /** What is signed: lines, each with its newline. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

const keyIdBytes = 4;
const timestampBytes = 8;
/** The kind, and the 32 bytes of an Ed25519 key. */
const keyBytes = 33;
const signatureBytes = 64;
const noteLengthMax = 100_000;
const signaturesMax = 100;

const nameForm = /^[^\s+\p{Cc}]+$/u;
const signatureLine = /^— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/u;
/** SubjectPublicKeyInfo of an Ed25519 key (RFC 8410) up to its 32 bytes. */
const spkiHead = Buffer.from("302a300506032b6570032100", "hex");

/** The first 4 bytes of SHA-256(name, newline, kind, key). */
export function keyId({ name, kind, publicKey }: NoteKey): Buffer {
  const hash = createHash("sha256").update(`${name}\n`).update(Buffer.of(kinds[kind]));
  return hash.update(publicKey).digest().subarray(0, keyIdBytes);
}

/** `name+id+key`, the form in which keys are handed to verifiers. */
export function formatNoteKey(key: NoteKey): string {
  const bytes = Buffer.concat([Buffer.of(kinds[key.kind]), key.publicKey]);
  return `${key.name}+${keyId(key).toString("hex")}+${bytes.toString("base64")}`;
}

/** Null if `text` isn't `name+id+key`, its id is wrong, or its kind isn't read here. */
export function parseNoteKey(text: string): NoteKey | null {
  const [, name = "", id = "", encoded = ""] =
    /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text) ?? [];
  const bytes = decodeBase64(encoded);
  const kind = (["note", "cosignature"] as const).find((kind) => kinds[kind] === bytes?.[0]);
  if (bytes?.length !== keyBytes || kind === undefined || !nameForm.test(name)) return null;
  const key = { name, kind, publicKey: bytes.subarray(1) };
  return keyId(key).toString("hex") === id ? key : null;
}

/** The 32 bytes of an Ed25519 key in PEM (SubjectPublicKeyInfo); null if it is anything else. */
export function publicKeyFromPem(pem: string): Buffer | null {
  const encoded = /-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END/.exec(pem)?.[1] ?? "";
  const der = Buffer.from(encoded, "base64");
  const isKey = der.length === spkiHead.length + 32 && der.subarray(0, 12).equals(spkiHead);
  return isKey ? der.subarray(spkiHead.length) : null;
}

/** The line that adds a signature to a note. */
export function signatureOf(key: NoteKey, signature: Buffer): NoteSignature {
  return { name: key.name, bytes: Buffer.concat([keyId(key), signature]) };
}

export function formatNote({ text, signatures }: SignedNote): string {
  const lines = signatures.map(({ name, bytes }) => `— ${name} ${bytes.toString("base64")}\n`);
  return `${text}\n${lines.join("")}`;
}

/** Null if `note` isn't a signed note. Nothing is verified yet. */
export function parseNote(note: string): SignedNote | null {
  if (note.length > noteLengthMax || hasControlCharacters(note)) return null;
  const end = note.lastIndexOf("\n\n");
  if (end === -1 || !note.endsWith("\n")) return null;
  const lines = note.slice(end + 2, -1).split("\n");
  if (lines.length > signaturesMax) return null;
  const signatures = lines.map(parseSignature);
  if (!signatures.every((signature) => signature !== null)) return null;
  return { text: note.slice(0, end + 1), signatures };
}

function parseSignature(line: string): NoteSignature | null {
  const [, name = "", encoded = ""] = signatureLine.exec(line) ?? [];
  const bytes = decodeBase64(encoded);
  if (!nameForm.test(name) || !bytes || bytes.length <= keyIdBytes) return null;
  return { name, bytes };
}

/** Whether it has ASCII control characters other than the newline. */
function hasControlCharacters(note: string): boolean {
  return Buffer.from(note).some((byte) => byte < 0x20 && byte !== 0x0a);
}

/** What a key has signed: with a cosignature, also when (epoch seconds). */
export interface Verified {
  readonly signedAt: bigint | null;
}

/**
 * Verifies that `key` has signed the note. A signature by that key that is wrong makes the note
 * worthless, even next to a right one.
 * @returns Null unless it has.
 */
export function verifyNote({ text, signatures }: SignedNote, key: NoteKey): Verified | null {
  const id = keyId(key);
  const own = signatures.filter(
    ({ name, bytes }) => name === key.name && bytes.subarray(0, keyIdBytes).equals(id),
  );
  const verified = own.map(({ bytes }) => verifyOne(text, key, bytes.subarray(keyIdBytes)));
  return verified.every((one) => one !== null) ? (verified[0] ?? null) : null;
}

function verifyOne(text: string, key: NoteKey, bytes: Buffer): Verified | null {
  if (key.kind === "note") {
    return isSigned(Buffer.from(text), key.publicKey, bytes) ? { signedAt: null } : null;
  }
  if (bytes.length !== timestampBytes + signatureBytes) return null;
  const signedAt = bytes.readBigUInt64BE();
  const message = Buffer.from(`cosignature/v1\ntime ${signedAt}\n${text}`);
  return isSigned(message, key.publicKey, bytes.subarray(timestampBytes)) ? { signedAt } : null;
}

/** Whether an Ed25519 signature is right (RFC 8032, without a digest before it). */
export function isSigned(message: Buffer, publicKey: Buffer, signature: Buffer): boolean {
  const der = Buffer.concat([spkiHead, publicKey]);
  const key = createPublicKey({ key: der, format: "der", type: "spki" });
  return verify(null, message, key, signature);
}

/** The bytes of canonical base64 with padding; null for anything else. */
export function decodeBase64(text: string): Buffer | null {
  const bytes = Buffer.from(text, "base64");
  return text !== "" && bytes.toString("base64") === text ? bytes : null;
}
