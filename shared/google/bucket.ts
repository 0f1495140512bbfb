/** How buckets are opened, how objects are read and stored once, and what errors mean. */
import { setMaxListeners } from "node:events";
import type { Bucket, File, SaveOptions } from "@google-cloud/storage";
import { config, required } from "../config.ts";
import { Fault } from "../core/fault.ts";
import type { BucketSetting } from "../core/retention/retention-table.ts";
import { ApiError } from "../errors/api-error.ts";
import type { ByteRange } from "./byte-range.ts";

/**
 * The client adds a dozen listeners to one stream for each object; Node would print a warning each
 * time.
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
  return codeOf(cause) === code;
}

/** Its streams fail with plain objects, which aren't errors. */
function codeOf(cause: unknown): number {
  return Number(typeof cause === "object" && cause !== null && "code" in cause ? cause.code : NaN);
}

/** What a later request may not meet: too slow, too many, something else there meanwhile. */
const passing = new Set([408, 409, 412, 429]);

/** Whether Cloud Storage has refused for good, so that nothing was stored. */
export function isRefused(cause: unknown): boolean {
  const code = codeOf(cause);
  return code >= 400 && code < 500 && !passing.has(code);
}

/**
 * What a failure of Cloud Storage is to who asked: `UNAVAILABLE` if it may pass, and a fault if the
 * request can't be granted. Its message isn't logged, because it may quote names.
 */
export function storageFailure(cause: unknown): Error {
  if (isRefused(cause)) {
    const known = cause instanceof Error ? { cause } : {};
    return new StorageRefusal(`Cloud Storage refused with status ${codeOf(cause)}`, known);
  }
  if (cause instanceof Error) return new ApiError("UNAVAILABLE", { cause });
  const status = codeOf(cause);
  const said = Number.isNaN(status) ? "without a status" : `with status ${status}`;
  return new ApiError("UNAVAILABLE", { cause: new Fault(`Cloud Storage failed ${said}`) });
}

/** Nothing was stored, read or deleted, and asking again won't help. */
export class StorageRefusal extends Fault {
  override readonly name = "StorageRefusal";
}

/**
 * An object's bytes as they are stored; null if it isn't there. Who sends a large file may call its
 * bytes compressed, and unpacked they could be a thousand times as many.
 * @throws {ApiError} `UNAVAILABLE`. @throws {StorageRefusal}
 */
export async function download(file: File): Promise<Buffer | null> {
  return await unlessMissing(file, async () => {
    const [bytes] = await file.download({ decompress: false });
    return bytes;
  });
}

/**
 * The same of a range, which is filled as its bytes come: the client would hold it twice while it
 * joins them.
 * @param room Where the bytes are put, instead of a buffer of their own.
 * @throws {ApiError} `UNAVAILABLE`. @throws {StorageRefusal}
 */
export async function downloadRange(
  file: File,
  { offsetBytes, sizeBytes }: ByteRange,
  room: Buffer = Buffer.allocUnsafeSlow(sizeBytes),
): Promise<Buffer | null> {
  return await unlessMissing(file, async () => {
    const range = { start: offsetBytes, end: offsetBytes + sizeBytes - 1 };
    let filled = 0;
    for await (const chunk of file.createReadStream({ ...range, decompress: false })) {
      if (filled + chunk.length > sizeBytes) throw new Fault("Cloud Storage sent too many bytes");
      filled += chunk.copy(room, filled);
    }
    return room.subarray(0, filled);
  });
}

async function unlessMissing(file: File, read: () => Promise<Buffer>): Promise<Buffer | null> {
  try {
    return await read();
  } catch (cause) {
    // A list that fails says nothing, and what can't be told isn't taken for missing.
    if (await isMissing(file, cause).catch(() => false)) return null;
    throw storageFailure(cause);
  }
}

/**
 * Stores an object unless there is one of this name, which may be this one if an answer was lost.
 * @returns whether there was none. @throws `UNAVAILABLE`. @throws {StorageRefusal}
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
 * @returns false if something else is there. @throws `UNAVAILABLE`. @throws {StorageRefusal}
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
    const source = typeof data === "string" ? data : () => slicesOf(data);
    await file.save(source, { ...options, ...described });
    return true;
  } catch (cause) {
    if (!hasCode(cause, 412)) throw storageFailure(cause);
    return false;
  }
}

/** Bytes are sent in pieces: of a buffer that it is given whole, TLS makes a copy as large. */
const sliceBytes = 64 * 1024;

export async function* slicesOf(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let begin = 0; begin < bytes.length; begin += sliceBytes) {
    yield bytes.subarray(begin, begin + sliceBytes);
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
