/**
 * Reads a query's documents in slices, and a further slice only if it is wanted. A page that was
 * bounded by its count alone could have a hundred documents of 1 MiB in memory at once (TEN-2).
 * Each slice is read to its end, because the client library goes on reading a stream that is
 * abandoned and keeps its connection.
 */
import type { Query, QueryDocumentSnapshot } from "@google-cloud/firestore";
import { ApiError } from "../errors/api-error.ts";
import { requireWanted } from "./owner-turns.ts";

type Documents = readonly QueryDocumentSnapshot[];

/** The size of a page's documents as JSON, where a character may take six bytes. */
export const pageBytesMax = 8 * 1024 * 1024;
/** How many of the largest documents fit into a page. */
const firstSliceLength = 8;
/** The longest slice, which bounds how many documents are read in vain. */
const sliceLengthMax = 32;

/** Which of a query's documents are read. */
export interface Wanted {
  readonly limit: number;
  readonly bytesMax?: number;
  /** The length of the first slice. Each slice may be twice as long as the one before. */
  readonly firstSlice?: number;
  /** Whether no more is wanted. It is called after each document. */
  readonly isEnough?: (document: QueryDocumentSnapshot) => boolean;
  /** Aborted when nobody waits for the documents any more. */
  readonly signal: AbortSignal;
}

/** @throws {ApiError} `VALIDATION_FAILED`, naming a limit that fits, if not all of them fit. */
export async function readPage(query: Query, wanted: Wanted): Promise<Documents> {
  const { documents, cut } = await readWithin(query, wanted);
  if (cut) throw pageTooLarge(documents.length);
  return documents;
}

/** Reads as many documents as fit, and at least the first. */
export async function readFitting(query: Query, wanted: Wanted): Promise<Documents> {
  return (await readWithin(query, wanted)).documents;
}

async function readWithin(
  query: Query,
  { limit, bytesMax = pageBytesMax, firstSlice = firstSliceLength, isEnough, signal }: Wanted,
): Promise<{ documents: Documents; cut: boolean }> {
  const documents: QueryDocumentSnapshot[] = [];
  let [bytes, largestBytes] = [0, 1];
  let rest = query;
  let sliceMax = firstSlice;
  while (documents.length < limit) {
    requireWanted(signal);
    const fitting = Math.max(1, Math.ceil((bytesMax - bytes) / largestBytes));
    const length = Math.min(sliceMax, fitting, limit - documents.length);
    const { docs } = await rest.limit(length).get();
    for (const document of docs) {
      const documentBytes = Buffer.byteLength(JSON.stringify(document.data()));
      if (bytes + documentBytes > bytesMax && documents.length > 0) return { documents, cut: true };
      bytes += documentBytes;
      largestBytes = Math.max(largestBytes, documentBytes);
      documents.push(document);
      if (isEnough?.(document)) return { documents, cut: false };
    }
    const last = docs.at(-1);
    if (!last || docs.length < length) break;
    rest = query.offset(0).startAfter(last);
    sliceMax = Math.min(2 * sliceMax, sliceLengthMax);
  }
  return { documents, cut: false };
}

/** @param fitting How many of the page's items fit. */
export function pageTooLarge(fitting: number): ApiError {
  const message = `must be at most ${fitting} here: more make a page of over ${pageBytesMax} bytes`;
  return new ApiError("VALIDATION_FAILED", {
    message: `The parameter limit ${message}.`,
    details: [{ field: "limit", message }],
  });
}
