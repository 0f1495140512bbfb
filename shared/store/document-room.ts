/**
 * Measures documents, and limits the initial size of those that grow later: an execution that
 * outgrew a document before its end could never be settled. Sizes follow Firestore's documentation,
 * "Understand storage size calculations".
 */
import { ApiError } from "../errors/api-error.ts";
import { outputBytesMax } from "../protocol/runner.ts";

/** Firestore's limit for one document, including its name. */
const documentBytesMax = 1_048_576;
/** The most conflicting paths that an execution lists. */
export const conflictsMax = 100;
const pathBytesMax = 1_024;
/**
 * Room for the document's name, a detail, a note on files that didn't fit, and a lease's fields.
 */
const reservedBytes = 96 * 1024;

export const executionBytesMax =
  documentBytesMax - outputBytesMax - conflictsMax * pathBytesMax - reservedBytes;
/** An execution copies its environment and adds a message, so an environment must be smaller. */
export const environmentBytesMax = executionBytesMax - 64 * 1024;

/** The size of a document's fields as Firestore counts it. */
export function fieldsBytes(value: unknown): number {
  if (typeof value === "string") return Buffer.byteLength(value) + 1;
  if (typeof value === "number" || value instanceof Date) return 8;
  if (value instanceof Uint8Array) return value.length;
  if (typeof value !== "object" || value === null) return 1;
  if (Array.isArray(value)) {
    return value.reduce<number>((sum, item) => sum + fieldsBytes(item), 0);
  }
  return Object.entries(value).reduce(
    (sum, [name, item]) => sum + Buffer.byteLength(name) + 1 + fieldsBytes(item),
    0,
  );
}

/** @throws {ApiError} `PAYLOAD_TOO_LARGE`. */
export function requireExecutionRoom(execution: object): void {
  const bytes = fieldsBytes(execution);
  if (bytes <= executionBytesMax) return;
  const message =
    `The environment's variables, scripts and network rules make ${bytes} bytes with those of the ` +
    `message; an execution takes at most ${executionBytesMax}.`;
  throw new ApiError("PAYLOAD_TOO_LARGE", { message });
}

/**
 * @param before The environment that is changed. Builds may have made it larger than it may become,
 * so what makes it no larger is always taken: otherwise nothing could be changed any more.
 * @throws {ApiError} `PAYLOAD_TOO_LARGE`.
 */
export function requireEnvironmentRoom(environment: object, before: object | null = null): void {
  const bytes = fieldsBytes(environment);
  if (bytes <= environmentBytesMax || (before && bytes <= fieldsBytes(before))) return;
  const message =
    `The environment would be ${bytes} bytes in all; it may be at most ${environmentBytesMax}. ` +
    "Shorten its scripts, variables or lists.";
  throw new ApiError("PAYLOAD_TOO_LARGE", { message });
}

/**
 * The newest of an environment's layers, as many as its document holds beside its other fields: the
 * end of a build mustn't fail for the layers before it.
 * @param layers Newest first; the first one always stays.
 */
export function fittingLayers<T extends object>(environment: object, layers: readonly T[]): T[] {
  let bytes = fieldsBytes({ ...environment, layers: [] }) + reservedBytes;
  const end = layers.findIndex((layer, index) => {
    bytes += fieldsBytes(layer);
    return index > 0 && bytes > documentBytesMax;
  });
  return layers.slice(0, end < 0 ? layers.length : end);
}
