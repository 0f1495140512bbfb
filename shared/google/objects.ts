/**
 * One owner's objects in the workspace bucket, each named by the SHA-256 of its bytes; transfers by
 * their ids.
 */
import { createHash, randomUUID } from "node:crypto";
import type { Bucket, File, GetFilesResponse } from "@google-cloud/storage";
import type { ObjectKind } from "../core/retention/retention-table.ts";
import { ApiError } from "../errors/api-error.ts";
import type { Owner } from "../identity/owner.ts";
import {
  connectBucket,
  download,
  downloadRange,
  hasCode,
  storageFailure,
  storeOnce,
} from "./bucket.ts";
import type { ByteRange } from "./byte-range.ts";

let bucket: Promise<Bucket> | undefined;

async function open(): Promise<Bucket> {
  bucket ??= connectBucket("PADDOCK_WORKSPACE_BUCKET");
  return await bucket;
}

/** @param name Its bytes' SHA-256; of a transfer, its id. */
export async function workspaceObject(owner: Owner, kind: ObjectKind, name: string): Promise<File> {
  return (await open()).file(`owners/${owner.id}/${kind}/${name}`);
}

/**
 * Stores `bytes` under their own hash; storing them again changes nothing. Only
 * `shared/quotas/store-object.ts` calls this, because it counts what is stored.
 */
export async function putObject(
  owner: Owner,
  kind: ObjectKind,
  bytes: Buffer,
): Promise<{ readonly sha256: string; readonly isNew: boolean }> {
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const object = await workspaceObject(owner, kind, sha256);
  const storedBy = randomUUID();
  // If there is an object of this name, it can only have these bytes.
  const isStored = await storeOnce(object, bytes, { metadata: { metadata: { storedBy } } });
  return { sha256, isNew: isStored || (await isStoredBy(object, storedBy)) };
}

/** The client tries again what was stored and whose answer was lost, and then finds it there. */
async function isStoredBy(object: File, storedBy: string): Promise<boolean> {
  try {
    const [{ metadata }] = await object.getMetadata();
    return metadata?.storedBy === storedBy;
  } catch {
    // What isn't known counts as stored.
    return true;
  }
}

/**
 * Reads a whole object or a range of it.
 * @param room Where a range is put, instead of a buffer of its own.
 * @throws {ApiError} `NOT_FOUND`, `UNAVAILABLE`.
 */
export async function getObject(
  owner: Owner,
  object: { readonly kind: ObjectKind; readonly sha256: string },
  range?: ByteRange,
  room?: Buffer,
): Promise<Buffer> {
  const file = await workspaceObject(owner, object.kind, object.sha256);
  const bytes = await (range ? downloadRange(file, range, room) : download(file));
  if (bytes === null) throw new ApiError("NOT_FOUND");
  return bytes;
}

export interface StoredObject {
  readonly kind: ObjectKind;
  readonly sha256: string;
  /** A replaced object has another generation. */
  readonly generation: string;
  readonly sizeBytes: number;
  /** Epoch milliseconds. */
  readonly storedAt: number;
}

const listedMax = 1_000;

/**
 * Everything of one kind that an owner has stored, page by page. @throws {ApiError} `UNAVAILABLE`.
 */
export async function* listObjects(
  owner: Owner,
  kind: ObjectKind,
): AsyncGenerator<readonly StoredObject[]> {
  const prefix = `owners/${owner.id}/${kind}/`;
  // Sets no `fields`: with them, the client returns plain data instead of file objects.
  let query: object | null = { prefix, maxResults: listedMax, autoPaginate: false };
  while (query) {
    try {
      const [files, next]: GetFilesResponse = await (await open()).getFiles(query);
      query = next ?? null;
      yield files.map(({ name, metadata }) => ({
        kind,
        sha256: name.slice(prefix.length),
        generation: String(metadata.generation),
        sizeBytes: Number(metadata.size),
        storedAt: Date.parse(metadata.timeCreated ?? ""),
      }));
    } catch (cause) {
      throw storageFailure(cause);
    }
  }
}

/** Deletes exactly this object. One that is gone, or was stored again since, is left alone. */
export async function deleteObject(
  owner: Owner,
  { kind, sha256, generation }: Pick<StoredObject, "kind" | "sha256" | "generation">,
): Promise<void> {
  try {
    await (await workspaceObject(owner, kind, sha256)).delete({ ifGenerationMatch: generation });
  } catch (cause) {
    if (!hasCode(cause, 404) && !hasCode(cause, 412)) throw storageFailure(cause);
  }
}
