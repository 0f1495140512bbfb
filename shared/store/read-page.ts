/**
 * Reads a page's documents one after another and ends at the one that doesn't fit: bounded by its
 * count alone it could be a hundred documents of 1 MiB, all in memory at once (TEN-2).
 */
import { type Query, QueryDocumentSnapshot } from "@google-cloud/firestore";
import { assert } from "../core/assert.ts";
import { ApiError } from "../errors/api-error.ts";
import { fieldsBytes } from "./document-room.ts";

type Documents = readonly QueryDocumentSnapshot[];

/** Of a page's documents together: several such pages fit into a function's memory at once. */
const pageBytesMax = 8 * 1024 * 1024;

/** @throws {ApiError} `VALIDATION_FAILED`, naming a limit that fits, if not all of them fit. */
export async function readPage(query: Query): Promise<Documents> {
  const { documents, cut } = await readWithin(query);
  if (cut) throw pageTooLarge(documents.length);
  return documents;
}

/** As many of the first ones as fit, and the first one at least. */
export async function readFitting(query: Query): Promise<Documents> {
  return (await readWithin(query)).documents;
}

async function readWithin(query: Query): Promise<{ documents: Documents; cut: boolean }> {
  const documents: QueryDocumentSnapshot[] = [];
  let bytes = 0;
  for await (const document of query.stream()) {
    assert(document instanceof QueryDocumentSnapshot);
    bytes += fieldsBytes(document.data());
    if (bytes > pageBytesMax && documents.length > 0) return { documents, cut: true };
    documents.push(document);
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
