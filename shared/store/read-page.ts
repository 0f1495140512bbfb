/**
 * Reads a query's documents one by one and stops at the first that doesn't fit. Limited by count
 * alone, a page could be a hundred documents of 1 MiB in memory at once (TEN-2).
 */
import { type Query, QueryDocumentSnapshot } from "@google-cloud/firestore";
import pLimit from "p-limit";
import { assert } from "../core/assert.ts";
import { ApiError } from "../errors/api-error.ts";

type Documents = readonly QueryDocumentSnapshot[];

/** The size of a page's documents as JSON, where a character may take six bytes. */
export const pageBytesMax = 8 * 1024 * 1024;
/** Pages that a process reads at once; a decoded page takes several times its size. */
const atOnce = pLimit(4);

export interface Fitting {
  readonly bytesMax: number;
  /** Whether enough has been read; asked after each document. */
  readonly isEnough?: (document: QueryDocumentSnapshot) => boolean;
}

/** @throws {ApiError} `VALIDATION_FAILED`, naming a limit that fits, if not all of them fit. */
export async function readPage(query: Query): Promise<Documents> {
  const { documents, cut } = await atOnce(() => readWithin(query, { bytesMax: pageBytesMax }));
  if (cut) throw pageTooLarge(documents.length);
  return documents;
}

/** As many of the first documents as fit, and at least one. */
export async function readFitting(query: Query, fitting: Fitting): Promise<Documents> {
  const all = async () => (await readWithin(query, fitting)).documents;
  return await (fitting.bytesMax < pageBytesMax ? all() : atOnce(all));
}

async function readWithin(
  query: Query,
  fitting: Fitting,
): Promise<{ documents: Documents; cut: boolean }> {
  const { bytesMax, isEnough = () => false } = fitting;
  const documents: QueryDocumentSnapshot[] = [];
  let bytes = 0;
  for await (const document of query.stream()) {
    assert(document instanceof QueryDocumentSnapshot);
    bytes += Buffer.byteLength(JSON.stringify(document.data()));
    if (bytes > bytesMax && documents.length > 0) return { documents, cut: true };
    documents.push(document);
    if (isEnough(document)) break;
  }
  return { documents, cut: false };
}

function pageTooLarge(fitting: number): ApiError {
  const message = `must be at most ${fitting} here: more make a page of over ${pageBytesMax} bytes`;
  return new ApiError("VALIDATION_FAILED", {
    message: `The parameter limit ${message}.`,
    details: [{ field: "limit", message }],
  });
}
