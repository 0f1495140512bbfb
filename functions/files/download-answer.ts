import type { ManifestFile } from "#shared/core/workspace/manifest";
import { ApiError } from "#shared/errors/api-error";
import type { ByteRange } from "#shared/google/objects";
import { requestedBytes } from "#shared/http/byte-range";
import { judgePreconditions, rangeToFollow } from "#shared/http/preconditions";
import type { RequestFacts } from "#shared/pipeline/request-facts";
import { packBytesMax } from "#shared/protocol/runner";
import { etagOf, preconditionFailed } from "./file-etag.ts";

/** The most bytes in one answer; larger files are read in ranges. */
const answerBytesMax = packBytesMax;

export interface DownloadAnswer {
  readonly status: 200 | 206 | 304;
  readonly range: ByteRange;
}

/**
 * Decides the answer to a request for a file. Preconditions come before ranges (RFC 9110, 13.2.2).
 * A range that is longer than an answer gets its beginning.
 * @throws {ApiError} `PRECONDITION_FAILED`, `RANGE_NOT_SATISFIABLE`, `RANGE_REQUIRED`.
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
  if (range !== "whole") {
    const answered = Math.min(range.sizeBytes, answerBytesMax);
    return { status: 206, range: { ...range, sizeBytes: answered } };
  }
  if (method === "GET" && sizeBytes > answerBytesMax) {
    throw new ApiError("RANGE_REQUIRED", { headers, ...whyWhole(preconditions.range, followed) });
  }
  return { status: 200, range: whole };
}

/** Why the answer isn't the range that was asked for. */
function whyWhole(asked: string | null, followed: string | null): { message?: string } {
  if (asked === null) return {};
  if (followed === null) {
    return { message: "The file isn't the one that If-Range names: read it from the start again." };
  }
  return {
    message: "Files above 24 MiB are read one range at a time, such as Range: bytes=0-25165823.",
  };
}
