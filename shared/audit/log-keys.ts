/**
 * Which keys have signed a log's checkpoints, and from which size on. A version of the KMS key that
 * replaces another is recorded with the first checkpoint that it has signed.
 */
import {
  formatNoteKey,
  type NoteKey,
  parseNote,
  parseNoteKey,
  verifyNote,
} from "../core/audit/signed-note.ts";
import { checkpointPublicKeys } from "../google/checkpoint-key.ts";
import type { AuditLog } from "../store/audit-trees.ts";

type LogKeys = AuditLog["keys"];

/** A log's key, and the sizes of the checkpoints that it has signed. */
export interface LogKeyRange {
  readonly key: string;
  readonly fromSize: number;
  /** Null for the key that signs now. */
  readonly toSize: number | null;
}

export function keyRanges(keys: LogKeys): readonly LogKeyRange[] {
  return keys.map(({ key, fromSize }, index) => {
    const next = keys[index + 1];
    return { key, fromSize, toSize: next ? next.fromSize - 1 : null };
  });
}

/**
 * The log's keys with the one that has signed the checkpoint of this size. A log without any began
 * under it, since a key couldn't be replaced before keys were recorded.
 */
export function withSigner(keys: LogKeys, key: string, size: number): LogKeys {
  const last = keys.at(-1);
  if (!last) return [{ key, fromSize: 1 }];
  return last.key === key ? keys : [...keys, { key, fromSize: size }];
}

/** Who has signed the note of a stored checkpoint, as `name+id+key`; null if it is none of ours. */
export async function findSigner({ origin, keys }: AuditLog, note: string): Promise<string | null> {
  const signed = parseNote(note);
  const hasSigned = (key: NoteKey | null) => signed && key && verifyNote(signed, key);
  const known = keys.findLast(({ key }) => hasSigned(parseNoteKey(key)));
  if (known) return known.key;
  // It was signed just before the process died, or by another instance, under any version so far.
  for await (const publicKey of checkpointPublicKeys()) {
    const key: NoteKey = { name: origin, kind: "note", publicKey };
    if (hasSigned(key)) return formatNoteKey(key);
  }
  return null;
}
