/** Archives of whole accounts. The bucket deletes each some days after it was stored. */
import type { Bucket } from "@google-cloud/storage";
import { ApiError } from "../errors/api-error.ts";
import type { Owner } from "../identity/owner.ts";
import { connectBucket, downloadRange, storageFailure } from "./bucket.ts";
import type { ByteRange } from "./byte-range.ts";
import { storeWhileRead } from "./store-while-read.ts";

let bucket: Promise<Bucket> | undefined;
/** Two such chunks are in memory while an archive is stored. */
const chunkBytes = 2 * 1024 * 1024;

/** Archives per list. What is left is found by the search after an erasure. */
const listedMax = 1_000;

interface Archive {
  readonly exportId: string;
  /** Each attempt writes an object of its own, so that none overwrites another. */
  readonly attempt: number;
}

async function file({ id }: Owner, { exportId, attempt }: Archive) {
  bucket ??= connectBucket("PADDOCK_EXPORT_BUCKET");
  return (await bucket).file(`exports/${id}/${exportId}-${attempt}.zip`);
}

/**
 * Stores an archive while it is made. There is no object unless all of it was stored.
 * @throws {ApiError} `UNAVAILABLE`, and what `pieces` throws.
 */
export async function storeExport(
  owner: Owner,
  archive: Archive,
  pieces: AsyncIterable<Buffer>,
): Promise<void> {
  const object = await file(owner, archive);
  await storeWhileRead(object, pieces, { chunkBytes, contentType: "application/zip" });
}

/** @throws {ApiError} `NOT_FOUND`, `UNAVAILABLE`. */
export async function readExport(
  owner: Owner,
  archive: Archive,
  range: ByteRange,
): Promise<Buffer> {
  const bytes = await downloadRange(await file(owner, archive), range);
  if (bytes === null) throw new ApiError("NOT_FOUND");
  return bytes;
}

/**
 * Deletes the archives of an owner, a thousand at most. @returns how many there were.
 * @throws {ApiError} `UNAVAILABLE`.
 */
export async function deleteExports({ id }: Owner): Promise<number> {
  bucket ??= connectBucket("PADDOCK_EXPORT_BUCKET");
  const query = { prefix: `exports/${id}/`, maxResults: listedMax, autoPaginate: false };
  try {
    const [files] = await (await bucket).getFiles(query);
    for (const found of files) await found.delete({ ignoreNotFound: true });
    return files.length;
  } catch (cause) {
    throw storageFailure(cause);
  }
}
