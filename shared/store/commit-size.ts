/**
 * How large a commit is on the wire, from above: Firestore refuses a request of more than 10 MiB.
 */
import type { Write } from "./documents.ts";

/** Headroom for what the service and its indexes add; a commit of this size is still quick. */
export const commitBytesMax = 4 * 1024 * 1024;
/** Of all changes of a commit together. */
export const commitWritesMax = 400;

/** Tag and length of a field, and of the message it may stand in. */
const fieldBytes = 12;
/** A write's precondition, and the database's own name before every path. */
const writeBytes = 256;

export interface CommitSize {
  readonly bytes: number;
  readonly writes: number;
}

export const noSize: CommitSize = { bytes: 0, writes: 0 };

/** What `writes` take of a commit. */
export function sizeOf(writes: readonly Write[]): CommitSize {
  return { bytes: writes.reduce((sum, write) => sum + bytesOf(write), 0), writes: writes.length };
}

/** Whether changes of two sizes may be committed together. */
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
  // A patch names its fields once more, in a mask.
  return path + 2 * valueBytes(write.fields) + valueBytes(write.increments);
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
