import type { ManifestFile } from "#shared/core/workspace/manifest";
import { ApiError } from "#shared/errors/api-error";
import type { ByteRange } from "#shared/google/byte-range";
import { requestedBytes } from "#shared/http/byte-range";
import { judgePreconditions, rangeToFollow } from "#shared/http/preconditions";
import type { RequestFacts } from "#shared/pipeline/request-facts";
import { etagOf, preconditionFailed } from "./file-etag.ts";

const announcedBytesMax = 24 * 1024 * 1024;

export interface DownloadAnswer {
  readonly status: 200 | 206 | 304;
  readonly range: ByteRange;
}

/**
 * Decides the answer to a request for a file. Preconditions come before ranges (RFC 9110, 13.2.2).
 * @throws {ApiError} `PRECONDITION_FAILED`, `RANGE_NOT_SATISFIABLE`.
 */
export function answerFor(
  file: ManifestFile,
  { method, preconditions }: Pick<RequestFacts, "method" | "preconditions">,
): DownloadAnswer {
  const { sizeBytes } = file;
  const etag = etagOf(file);
  const whole = { offsetBytes: 0, sizeBytes };
  const verdict = judgePreconditions(method, preconditions, { etag });
  if (verdict === "failed") throw preconditionFailed(file);
  if (verdict === "not_modified") return { status: 304, range: whole };
  const followed = rangeToFollow(method, preconditions, etag);
  const range = requestedBytes(followed, sizeBytes);
  const headers = { "content-range": `bytes */${sizeBytes}`, etag };
  if (range === "unsatisfiable") throw new ApiError("RANGE_NOT_SATISFIABLE", { headers });
  return range === "whole" ? { status: 200, range: whole } : { status: 206, range };
}

/**
 * The length to announce; null for a body that is sent in chunks, because the platform ends one
 * whose length it knows at 32 MiB.
 */
export function announcedBytes(method: string, { sizeBytes }: ByteRange): number | null {
  return method === "HEAD" || sizeBytes <= announcedBytesMax ? sizeBytes : null;
}
