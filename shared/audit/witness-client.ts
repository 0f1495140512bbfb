/**
 * Asks a witness for its cosignature of a checkpoint, as https://c2sp.org/tlog-witness describes.
 * What a witness answers is trusted only as far as its signature goes.
 */

import type { Hash } from "../core/audit/merkle-tree.ts";
import {
  formatNote,
  type NoteKey,
  parseNote,
  type SignedNote,
  verifyNote,
} from "../core/audit/signed-note.ts";

/** How long one request may take. An epoch waits for it. */
const askMsMax = 3_000;
/** An answer has some lines; a note has no more. */
const answerBytesMax = 16 * 1024;
const sizeForm = /^(0|[1-9][0-9]{0,15})\n?$/;

export interface Witness {
  readonly key: NoteKey;
  /** Where its `add-checkpoint` is. */
  readonly url: string;
}

export type WitnessAnswer =
  | { readonly kind: "cosigned"; readonly signatures: SignedNote["signatures"] }
  /** It has seen the log at another size than it was told. */
  | { readonly kind: "conflict"; readonly size: number }
  | { readonly kind: "refused"; readonly why: string };

/** @param request.oldSize The size of the checkpoint that it is taken to have cosigned last. */
export async function addCheckpoint(
  witness: Witness,
  request: {
    readonly oldSize: number;
    readonly proof: readonly Hash[];
    readonly note: SignedNote;
  },
): Promise<WitnessAnswer> {
  const { oldSize, proof, note } = request;
  const lines = proof.map((hash) => `${hash.toString("base64")}\n`).join("");
  try {
    const answer = await fetch(`${witness.url.replace(/\/$/, "")}/add-checkpoint`, {
      method: "POST",
      body: `old ${oldSize}\n${lines}\n${formatNote(note)}`,
      headers: { "content-type": "text/plain; charset=utf-8" },
      redirect: "error",
      signal: AbortSignal.timeout(askMsMax),
    });
    const text = await readBounded(answer);
    if (text === null) return refused("its answer is too long");
    if (answer.status === 200) return readCosignatures(witness.key, note, text);
    const size = answer.status === 409 ? sizeForm.exec(text)?.[1] : undefined;
    if (size !== undefined) return { kind: "conflict", size: Number(size) };
    return refused(`it answered ${answer.status}`);
  } catch (cause) {
    const isLate = cause instanceof Error && cause.name === "TimeoutError";
    return refused(isLate ? "it didn't answer in time" : "it can't be reached");
  }
}

function refused(why: string): WitnessAnswer {
  return { kind: "refused", why };
}

/** Null if it is longer than an answer may be. */
async function readBounded(answer: Response): Promise<string | null> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of answer.body ?? []) {
    bytes += piece.length;
    if (bytes > answerBytesMax) return null;
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
}

/** The witness's own signatures; lines of other keys are ignored. */
function readCosignatures(key: NoteKey, { text }: SignedNote, lines: string): WitnessAnswer {
  const answered = parseNote(`${text}\n${lines}`);
  if (answered?.text !== text) return refused("its answer has no lines of signatures");
  const signedAt = verifyNote(answered, key)?.signedAt;
  if (typeof signedAt !== "bigint" || signedAt <= 0n) return refused("its cosignature is wrong");
  const own = answered.signatures.filter((signature) => {
    return verifyNote({ text, signatures: [signature] }, key) !== null;
  });
  return { kind: "cosigned", signatures: own.slice(0, 1) };
}
