import type { ManifestEntry, ManifestFile } from "#shared/core/workspace/manifest";
import { ApiError } from "#shared/errors/api-error";
import { judgePreconditions } from "#shared/http/preconditions";
import type { RequestFacts } from "#shared/pipeline/request-facts";

/** A strong tag: the same bytes always have the same tag, and no others have it. */
export function etagOf({ sha256 }: ManifestFile): string {
  return `"${sha256}"`;
}

/**
 * Checks a change against its request's conditions. `entry` is what the change would replace or
 * delete, or undefined. Folders and links have no tag, so only `*` matches them.
 * @throws {ApiError} `PRECONDITION_FAILED`.
 */
export function requireCurrent(
  { method, preconditions }: Pick<RequestFacts, "method" | "preconditions">,
  entry: ManifestEntry | "folder" | undefined,
): void {
  const file = typeof entry === "object" && entry.type === "file" ? entry : null;
  const current = entry === undefined ? null : { etag: file && etagOf(file) };
  if (judgePreconditions(method, preconditions, current) === "none") return;
  throw preconditionFailed(file);
}

function preconditionFailed(file: ManifestFile | null): ApiError {
  return new ApiError("PRECONDITION_FAILED", { headers: file ? { etag: etagOf(file) } : {} });
}
