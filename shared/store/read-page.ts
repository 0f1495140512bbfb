/**
 * Reads a query's documents in chunks, and a further chunk only if it is wanted. A page that was
 * bounded by its count alone could have a hundred documents of 1 MiB in memory at once (TEN-2).
 * Each chunk is read to its end, because the client library goes on reading a stream that is
 * abandoned and keeps its connection. Documents that don't fit are let go as they arrive, so a
 * chunk of more documents costs time if they are large, and no memory.
 */
import type { Query, QueryDocumentSnapshot } from "@google-cloud/firestore";
import type * as z from "zod";
import { ApiError } from "../errors/api-error.ts";
import { throwIfAbandoned } from "./owner-turns.ts";

type Documents = readonly QueryDocumentSnapshot[];

/** The size of a page's documents as JSON, where a character may take six bytes. */
export const pageBytesMax = 8 * 1024 * 1024;
/** How many of the largest documents fit into a page. */
const firstChunkLength = 8;
/** The longest chunk otherwise, which bounds how many documents are read in vain. */
const chunkLengthMax = 32;

/** Which of a query's documents are read. */
export interface ReadOptions {
  readonly limit: number;
  readonly bytesMax?: number;
  /** The length of the first chunk. Each chunk may be twice as long as the one before. */
  readonly firstChunk?: number;
  /** The longest chunk. As many documents may be in memory beyond `bytesMax`. */
  readonly chunkMax?: number;
  /** Whether no more is wanted. It is called after each document. */
  readonly isEnough?: (document: QueryDocumentSnapshot) => boolean;
  /** Aborted when nobody waits for the documents any more. */
  readonly signal: AbortSignal;
}

/** How far a walk reads; see `ReadOptions`. */
export type Fitting<S extends z.ZodType<object>> = Pick<
  ReadOptions,
  "bytesMax" | "firstChunk" | "chunkMax"
> & { readonly isEnough?: (value: z.output<S>) => boolean };

/**
 * Reads a page, and one document more to know whether another page follows.
 * @param options.documentBytesMax What a document takes at most, as far as that is known. A page
 * of documents that fit by this number is one query.
 * @throws {ApiError} `VALIDATION_FAILED`, naming a limit that fits, if not all of them fit.
 */
export async function readPage(
  query: Query,
  { limit, documentBytesMax, signal }: PageOptions,
): Promise<{ readonly documents: Documents; readonly hasMore: boolean }> {
  const known = documentBytesMax === undefined ? 0 : Math.floor(pageBytesMax / documentBytesMax);
  const firstChunk = Math.max(firstChunkLength, known);
  const chunkMax = Math.max(chunkLengthMax, known);
  const options = { limit: limit + 1, firstChunk, chunkMax, signal };
  const { documents, cut } = await readWithin(query, options);
  // The document that is one too many needn't fit.
  if (cut && documents.length < limit) throw pageTooLarge(documents.length);
  return { documents: documents.slice(0, limit), hasMore: cut || documents.length > limit };
}

interface PageOptions extends Pick<ReadOptions, "limit" | "signal"> {
  readonly documentBytesMax: number | undefined;
}

/**
 * Reads as many documents as fit, and at least the first.
 * @returns Them, and whether there are certainly no more.
 */
export async function readFitting(
  query: Query,
  options: ReadOptions,
): Promise<{ readonly documents: Documents; readonly isEnd: boolean }> {
  return await readWithin(query, options);
}

async function readWithin(
  query: Query,
  { limit, bytesMax = pageBytesMax, isEnough, signal, ...chunks }: ReadOptions,
): Promise<{ documents: Documents; cut: boolean; isEnd: boolean }> {
  const documents: QueryDocumentSnapshot[] = [];
  let [bytes, largestBytes] = [0, 1];
  let [cut, enough] = [false, false];
  const take = (document: QueryDocumentSnapshot) => {
    if (cut || enough || signal.aborted) return;
    const documentBytes = Buffer.byteLength(JSON.stringify(document.data()));
    cut = bytes + documentBytes > bytesMax && documents.length > 0;
    if (cut) return;
    bytes += documentBytes;
    largestBytes = Math.max(largestBytes, documentBytes);
    documents.push(document);
    enough = isEnough?.(document) ?? false;
  };
  let rest = query;
  let chunkMax = chunks.firstChunk ?? firstChunkLength;
  while (documents.length < limit) {
    throwIfAbandoned(signal);
    const fitting = Math.max(1, Math.ceil((bytesMax - bytes) / largestBytes));
    const length = Math.min(chunkMax, fitting, limit - documents.length);
    const came = await forEachDocument(rest.limit(length), take);
    if (cut || enough) return { documents, cut, isEnd: false };
    const last = documents.at(-1);
    if (!last || came < length) return { documents, cut, isEnd: true };
    rest = query.offset(0).startAfter(last);
    chunkMax = Math.min(2 * chunkMax, chunks.chunkMax ?? chunkLengthMax);
  }
  return { documents, cut, isEnd: false };
}

/** Calls back with each document as it arrives. @returns How many there were. */
async function forEachDocument(
  query: Query,
  take: (document: QueryDocumentSnapshot) => void,
): Promise<number> {
  let came = 0;
  const { promise: ended, resolve: end, reject: fail } = Promise.withResolvers<void>();
  const receive = (document: QueryDocumentSnapshot) => {
    came += 1;
    try {
      take(document);
    } catch (error) {
      fail(error);
    }
  };
  query.stream().on("data", receive).on("end", end).on("error", fail);
  await ended;
  return came;
}

/**
 * @param times How often the answer has each item.
 * @throws {ApiError} `VALIDATION_FAILED`, naming a limit that fits, if not all items fit.
 */
export function requireFittingPage(items: readonly object[], times = 1): void {
  let bytes = 0;
  for (const [fitting, item] of items.entries()) {
    bytes += times * Buffer.byteLength(JSON.stringify(item));
    if (bytes > pageBytesMax && fitting > 0) throw pageTooLarge(fitting);
  }
}

/** @param fitting How many of the page's items fit. */
export function pageTooLarge(fitting: number): ApiError {
  const message = `must be at most ${fitting} here: more make a page of over ${pageBytesMax} bytes`;
  return new ApiError("VALIDATION_FAILED", {
    message: `The parameter limit ${message}.`,
    details: [{ field: "limit", message }],
  });
}
