/** How buckets are opened, and how the client's errors are told apart. */
import type { Bucket } from "@google-cloud/storage";
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
