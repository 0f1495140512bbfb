/** How buckets are opened, how objects are read and stored once, and what errors mean. */
import { setMaxListeners } from "node:events";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Bucket, DownloadOptions, File, SaveOptions } from "@google-cloud/storage";
import { config, required } from "../config.ts";
import type { BucketSetting } from "../core/retention/retention-table.ts";
import { ApiError } from "../errors/api-error.ts";

/**
 * The client adds a dozen listeners to one stream for each object, and one for each chunk of a
 * large one; Node would print a warning each time.
 */
const listenersMax = 2_000;

/** Opens a bucket of the retention table, by the setting that names it. */
export async function connectBucket(setting: BucketSetting): Promise<Bucket> {
  const { Storage } = await import("@google-cloud/storage");
  setMaxListeners(listenersMax);
  const storage = new Storage({
    projectId: config().GOOGLE_CLOUD_PROJECT,
    timeout: 20_000,
    retryOptions: { maxRetries: 3, totalTimeout: 30 },
  });
  return storage.bucket(required(setting));
}

/** Whether an error of the client has this HTTP status. */
export function hasCode(cause: unknown, code: number): boolean {
  return cause instanceof Error && "code" in cause && Number(cause.code) === code;
}

/**
 * An object's bytes as they are stored, or a range of them; null if it isn't there. Who sends a
 * large file may call its bytes compressed, and unpacked they could be a thousand times as many.
 * @throws {ApiError} `UNAVAILABLE`.
 */
export async function download(file: File, range: DownloadOptions = {}): Promise<Buffer | null> {
  try {
    const [bytes] = await file.download({ ...range, decompress: false });
    return bytes;
  } catch (cause) {
    // A list that fails says nothing, and what can't be told isn't taken for missing.
    if (await isMissing(file, cause).catch(() => false)) return null;
    throw new ApiError("UNAVAILABLE", { cause });
  }
}

/**
 * Stores a new object while it is read. There is none unless all of it was stored.
 * @param described `chunkBytes` are in memory until the bucket has confirmed them.
 * @throws {ApiError} `UNAVAILABLE`, and what `pieces` throws.
 */
export async function storeWhileRead(
  file: File,
  pieces: AsyncIterable<Buffer>,
  { chunkBytes, contentType }: { readonly chunkBytes: number; readonly contentType: string },
): Promise<void> {
  let failed: unknown = null;
  const watched = async function* () {
    try {
      yield* pieces;
    } catch (cause) {
      failed = cause;
      throw cause;
    }
  };
  const stored = file.createWriteStream({
    resumable: true,
    chunkSize: chunkBytes,
    contentType,
    preconditionOpts: { ifGenerationMatch: 0 },
  });
  try {
    // By default it would read sixteen pieces ahead.
    await pipeline(Readable.from(watched(), { highWaterMark: 1 }), stored);
  } catch (cause) {
    throw failed ?? new ApiError("UNAVAILABLE", { cause });
  }
}

/**
 * Stores an object unless there is one of this name, which may be this one if an answer was lost.
 * @returns whether there was none. @throws `UNAVAILABLE`.
 */
export async function storeOnce(
  file: File,
  data: Buffer | string,
  described: Described,
): Promise<boolean> {
  return await storeInPlace(file, data, null, described);
}

/**
 * Stores an object in the place of one generation, or where there is none.
 * @returns false if something else is there. @throws `UNAVAILABLE`.
 */
export async function storeInPlace(
  file: File,
  data: Buffer | string,
  generation: string | null,
  described: Described,
): Promise<boolean> {
  try {
    const preconditionOpts = { ifGenerationMatch: generation ?? 0 };
    const options = { resumable: false, preconditionOpts, validation: "crc32c" } as const;
    await file.save(data, { ...options, ...described });
    return true;
  } catch (cause) {
    if (!hasCode(cause, 412)) throw new ApiError("UNAVAILABLE", { cause });
    return false;
  }
}

type Described = Pick<SaveOptions, "contentType" | "metadata">;

/**
 * Whether reading failed because the object isn't there. Cloud Storage answers 403 for a missing
 * object if the caller may not list the bucket, and also if it may not read the object; only the
 * list tells these apart. @throws what the list throws.
 */
async function isMissing(file: File, cause: unknown): Promise<boolean> {
  if (hasCode(cause, 404)) return true;
  if (!hasCode(cause, 403)) return false;
  // A name comes before all others that begin with it.
  const query = { prefix: file.name, maxResults: 1, autoPaginate: false };
  const [first] = await file.bucket.getFiles(query);
  return first[0]?.name !== file.name;
}
