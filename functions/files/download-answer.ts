import type { ManifestFile } from "#shared/core/workspace/manifest";
import { type RangeAnswer, rangeAnswer } from "#shared/pipeline/range-answer";
import type { RequestFacts } from "#shared/pipeline/request-facts";
import { etagOf } from "./file-etag.ts";

/**
 * Decides the answer to a request for a file.
 * @throws {ApiError} `PRECONDITION_FAILED`, `RANGE_NOT_SATISFIABLE`.
 */
export function answerFor(
  file: ManifestFile,
  request: Pick<RequestFacts, "method" | "preconditions">,
): RangeAnswer {
  return rangeAnswer({ sizeBytes: file.sizeBytes, etag: etagOf(file) }, request);
}
