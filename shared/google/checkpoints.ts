/**
 * The signed checkpoints of the audit log, one object per size. The bucket is locked: nobody can
 * change or delete an object before its time.
 */
import type { Bucket } from "@google-cloud/storage";
import { connectBucket, download, storeOnce } from "./bucket.ts";

let bucket: Promise<Bucket> | undefined;
/** The names are in the order of the sizes. */
const sizeDigits = 16;

async function file(origin: string, size: number) {
  bucket ??= connectBucket("PADDOCK_CHECKPOINT_BUCKET");
  return (await bucket).file(`${origin}/${String(size).padStart(sizeDigits, "0")}`);
}

/** The note of the checkpoint with this size; null if there is none. @throws `UNAVAILABLE`. */
export async function readCheckpointNote(origin: string, size: number): Promise<string | null> {
  return (await download(await file(origin, size)))?.toString() ?? null;
}

/** Stores a note unless there is one of this size, which may be this one if an answer was lost. */
export async function storeCheckpointNote(
  { origin, size }: { readonly origin: string; readonly size: number },
  note: string,
): Promise<void> {
  await storeOnce(await file(origin, size), note, { contentType: "text/plain" });
}
