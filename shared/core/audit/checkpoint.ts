/**
 * The checkpoint of a log (https://c2sp.org/tlog-checkpoint), which is the text of a signed note,
 * and the proof that an entry is below it (https://c2sp.org/tlog-proof).
 */

import { rootFromInclusion, type TreeHead } from "./merkle-proofs.ts";
import { type Hash, hashBytes } from "./merkle-tree.ts";
import {
  decodeBase64,
  type NoteKey,
  parseNote,
  type SignedNote,
  verifyNote,
} from "./signed-note.ts";

/** A log's head; `origin` names the log. */
export interface Checkpoint extends TreeHead {
  readonly origin: string;
}

const number = /^(0|[1-9][0-9]{0,15})$/;

/** The text to sign. It has no lines beyond the three that a checkpoint must have. */
export function formatCheckpoint({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${root.toString("base64")}\n`;
}

/** Null if `text` isn't a checkpoint. Lines after the third are ignored, as the form demands. */
export function parseCheckpoint(text: string): Checkpoint | null {
  const [origin = "", size = "", encoded = "", ...rest] = text.split("\n");
  const root = decodeBase64(encoded);
  const isWhole = rest.at(-1) === "" && rest.slice(0, -1).every((line) => line !== "");
  if (origin === "" || !number.test(size) || root?.length !== hashBytes || !isWhole) return null;
  return Number.isSafeInteger(Number(size)) ? { origin, size: Number(size), root } : null;
}

/** A checkpoint that a log's key has signed; null if it isn't one, or is another log's. */
export function readCheckpoint(
  note: string,
  key: NoteKey,
): (Checkpoint & { readonly note: SignedNote }) | null {
  const signed = parseNote(note);
  if (!signed || !verifyNote(signed, key)) return null;
  const checkpoint = parseCheckpoint(signed.text);
  return checkpoint?.origin === key.name ? { ...checkpoint, note: signed } : null;
}

const proofHeader = "c2sp.org/tlog-proof@v1";
/** A tree of 2^53 leaves has no longer proofs. */
const proofHashesMax = 53;

export interface LogProof {
  /** The entry's number, from 0. */
  readonly index: number;
  readonly hashes: readonly Hash[];
  /** The checkpoint's note, with its signatures. */
  readonly note: string;
}

export function formatLogProof({ index, hashes, note }: LogProof): string {
  const lines = hashes.map((hash) => `${hash.toString("base64")}\n`).join("");
  return `${proofHeader}\nindex ${index}\n${lines}\n${note}`;
}

/** Null if `text` isn't a proof. Its `extra` line is ignored, since nothing vouches for it. */
export function parseLogProof(text: string): LogProof | null {
  const cut = text.indexOf("\n\n");
  if (cut === -1) return null;
  const [header, ...lines] = text.slice(0, cut).split("\n");
  if (header !== proofHeader) return null;
  if (lines[0]?.startsWith("extra ")) lines.shift();
  const index = /^index (.+)$/.exec(lines.shift() ?? "")?.[1] ?? "";
  const hashes = lines.map(decodeBase64);
  if (!number.test(index) || hashes.length > proofHashesMax) return null;
  if (!hashes.every((hash): hash is Buffer => hash?.length === hashBytes)) return null;
  return { index: Number(index), hashes, note: text.slice(cut + 2) };
}

/** Whether the proof leads from the entry with this leaf hash to the checkpoint's root. */
export function isProven(leaf: Hash, { index, hashes }: LogProof, checkpoint: TreeHead): boolean {
  const root = rootFromInclusion(leaf, { index, size: checkpoint.size }, hashes);
  return root?.equals(checkpoint.root) ?? false;
}
