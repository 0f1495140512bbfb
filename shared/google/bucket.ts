/** How buckets are opened, and how the client's errors are told apart. */
import type { Bucket, File } from "@google-cloud/storage";
import { config } from "../config.ts";

export async function connectBucket(name: string): Promise<Bucket> {
  const { Storage } = await import("@google-cloud/storage");
  const storage = new Storage({
    projectId: config().GOOGLE_CLOUD_PROJECT,
    timeout: 20_000,
    retryOptions: { maxRetries: 3, totalTimeout: 30 },
  });
  return storage.bucket(name);
}

/** Whether an error of the client has this HTTP status. */
export function hasCode(cause: unknown, code: number): boolean {
  return cause instanceof Error && "code" in cause && Number(cause.code) === code;
}

/**
 * Whether reading failed because the object isn't there. Cloud Storage answers 403 for a missing
 * object if the caller may not list the bucket, and also if it may not read the object; only the
 * list tells these apart. @throws what the list throws.
 */
export async function isMissing(file: File, cause: unknown): Promise<boolean> {
  if (hasCode(cause, 404)) return true;
  if (!hasCode(cause, 403)) return false;
  // A name comes before all others that begin with it.
  const query = { prefix: file.name, maxResults: 1, autoPaginate: false };
  const [first] = await file.bucket.getFiles(query);
  return first[0]?.name !== file.name;
}
