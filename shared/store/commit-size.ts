/**
 * An upper bound of a commit's size on the wire; Firestore refuses requests of more than 10 MiB.
 */
import type { Write } from "./documents.ts";

/** Far below the limit, because Firestore adds index entries, and so that a commit stays fast. */
export const commitBytesMax = 4 * 1024 * 1024;
/** The most writes in one commit, over all its changes. */
export const commitWritesMax = 400;

/** A field's tag and length, and those of the message that contains it. */
const fieldBytes = 12;
/** A write's precondition, and the database's name before its path. */
const writeBytes = 256;

export interface CommitSize {
  readonly bytes: number;
  readonly writes: number;
}

export const noSize: CommitSize = { bytes: 0, writes: 0 };

/** The size that `writes` add to a commit. */
export function sizeOf(writes: readonly Write[]): CommitSize {
  return { bytes: writes.reduce((sum, write) => sum + bytesOf(write), 0), writes: writes.length };
}

/** Whether changes of these two sizes may share a commit. */
export function fitsWith(one: CommitSize, other: CommitSize): boolean {
  return one.bytes + other.bytes <= commitBytesMax && one.writes + other.writes <= commitWritesMax;
}

export function addSizes(one: CommitSize, other: CommitSize): CommitSize {
  return { bytes: one.bytes + other.bytes, writes: one.writes + other.writes };
}

function bytesOf(write: Write): number {
  const path = writeBytes + Buffer.byteLength(write.path);
  if (write.op === "remove") return path;
  if (write.op !== "patch") return path + valueBytes(write.value);
  // A patch repeats its field names in a mask.
  const gone = valueBytes(write.removes ?? []);
  return path + 2 * valueBytes(write.fields) + valueBytes(write.increments) + gone;
}

function valueBytes(value: unknown): number {
  if (typeof value === "string") return fieldBytes + Buffer.byteLength(value);
  if (typeof value !== "object" || value === null || value instanceof Date) return 2 * fieldBytes;
  if (Array.isArray(value)) {
    return value.reduce<number>((sum, item) => sum + valueBytes(item), fieldBytes);
  }
  return Object.entries(value).reduce(
    (sum, [name, item]) => sum + fieldBytes + Buffer.byteLength(name) + valueBytes(item),
    fieldBytes,
  );
}
