/** Answers to requests for bytes that have a length and an entity tag. */
import { ApiError } from "../errors/api-error.ts";
import { type Bytes, requestedBytes } from "../http/byte-range.ts";
import { judgePreconditions, type Preconditions, rangeToFollow } from "../http/preconditions.ts";

const announcedBytesMax = 24 * 1024 * 1024;

export interface RangeAnswer {
  readonly status: 200 | 206 | 304;
  readonly range: Bytes;
}

interface Asked {
  readonly method: string;
  readonly preconditions: Preconditions;
}

/** What is asked for, as it is now. */
export interface Tagged {
  readonly sizeBytes: number;
  readonly etag: string;
}

/**
 * Decides the answer. Preconditions come before ranges (RFC 9110, 13.2.2).
 * @throws {ApiError} `PRECONDITION_FAILED`, `RANGE_NOT_SATISFIABLE`.
 */
export function rangeAnswer({ sizeBytes, etag }: Tagged, asked: Asked): RangeAnswer {
  const { method, preconditions } = asked;
  const whole = { offsetBytes: 0, sizeBytes };
  const verdict = judgePreconditions(method, preconditions, { etag });
  if (verdict === "failed") throw new ApiError("PRECONDITION_FAILED", { headers: { etag } });
  if (verdict === "not_modified") return { status: 304, range: whole };
  const range = requestedBytes(rangeToFollow(method, preconditions, etag), sizeBytes);
  const headers = { "content-range": `bytes */${sizeBytes}`, etag };
  if (range === "unsatisfiable") throw new ApiError("RANGE_NOT_SATISFIABLE", { headers });
  return range === "whole" ? { status: 200, range: whole } : { status: 206, range };
}

/**
 * The headers of the answer.
 * @param content Those that describe the content, which an answer without content hasn't.
 */
export function rangeHeaders(
  { status, range }: RangeAnswer,
  { sizeBytes, etag }: Tagged,
  { method, content }: Pick<Asked, "method"> & { readonly content: Record<string, string> },
): Record<string, string> {
  const validators = { "accept-ranges": "bytes", etag };
  if (status === 304) return validators;
  const announced = announcedBytes(method, range);
  const last = range.offsetBytes + range.sizeBytes - 1;
  return {
    ...validators,
    ...content,
    ...(announced === null ? {} : { "content-length": String(announced) }),
    ...(status === 206
      ? { "content-range": `bytes ${range.offsetBytes}-${last}/${sizeBytes}` }
      : {}),
  };
}

/**
 * The length to announce; null for a body that is sent in chunks, because the platform ends one
 * whose length it knows at 32 MiB.
 */
function announcedBytes(method: string, { sizeBytes }: Bytes): number | null {
  return method === "HEAD" || sizeBytes <= announcedBytesMax ? sizeBytes : null;
}
