/**
 * Archived billing records. The bucket keeps each object for seven years: nobody can change or
 * delete one before, and afterwards the bucket deletes it.
 */
import type { Bucket } from "@google-cloud/storage";
import { required } from "../config.ts";
import type { Owner } from "../identity/owner.ts";
import { connectBucket, download, storeOnce } from "./bucket.ts";

let bucket: Promise<Bucket> | undefined;
/** The names are in the order of the numbers. */
const numberDigits = 8;

/** The archive of this deployment; a database that was restored begins another one. */
export function archiveName(): string {
  return required("PADDOCK_BILLING_ARCHIVE");
}

async function file({ id }: Owner, number: number) {
  bucket ??= connectBucket("PADDOCK_ARCHIVE_BUCKET");
  const name = `${archiveName()}/${id}/${String(number).padStart(numberDigits, "0")}`;
  return (await bucket).file(name);
}

/**
 * An object of an owner's archive, counted from 1; null if there is none. @throws `UNAVAILABLE`.
 */
export async function readBillingObject(owner: Owner, number: number): Promise<Buffer | null> {
  return await download(await file(owner, number));
}

/** Stores an object unless there is one of this number. @throws `UNAVAILABLE`. */
export async function storeBillingObject(
  owner: Owner,
  number: number,
  bytes: Buffer,
): Promise<void> {
  await storeOnce(await file(owner, number), bytes, { contentType: "application/x-ndjson" });
}
