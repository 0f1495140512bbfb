/** One owner's objects in the workspace bucket, each named by the SHA-256 of its bytes. */
import { createHash } from "node:crypto";
import type { Bucket } from "@google-cloud/storage";
import type { Owner } from "../auth/owner.ts";
import { config, required } from "../config.ts";
import { ApiError } from "../errors/api-error.ts";

export type ObjectKind = "manifests" | "packs";

let bucket: Promise<Bucket> | undefined;

async function connect(): Promise<Bucket> {
  const { Storage } = await import("@google-cloud/storage");
  const storage = new Storage({
    projectId: config().GOOGLE_CLOUD_PROJECT,
    timeout: 20_000,
    retryOptions: { maxRetries: 3, totalTimeout: 30 },
  });
  return storage.bucket(required("PADDOCK_WORKSPACE_BUCKET"));
}

async function file(owner: Owner, kind: ObjectKind, sha256: string) {
  bucket ??= connect();
  return (await bucket).file(`owners/${owner.id}/${kind}/${sha256}`);
}

function hasCode(cause: unknown, code: number): boolean {
  return cause instanceof Error && "code" in cause && Number(cause.code) === code;
}

/** Stores `bytes` under their own hash; storing them again changes nothing. Returns the hash. */
export async function putObject(owner: Owner, kind: ObjectKind, bytes: Buffer): Promise<string> {
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const object = await file(owner, kind, sha256);
  try {
    const preconditionOpts = { ifGenerationMatch: 0 };
    await object.save(bytes, { resumable: false, preconditionOpts, validation: "crc32c" });
  } catch (cause) {
    // 412: it is there already, and under that name only with these bytes.
    if (!hasCode(cause, 412)) throw new ApiError("UNAVAILABLE", { cause });
  }
  return sha256;
}

export interface ByteRange {
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

/** A whole object, or a range of it. @throws {ApiError} `NOT_FOUND`, `UNAVAILABLE`. */
export async function getObject(
  owner: Owner,
  object: { readonly kind: ObjectKind; readonly sha256: string },
  range?: ByteRange,
): Promise<Buffer> {
  const stored = await file(owner, object.kind, object.sha256);
  try {
    const options = range
      ? { start: range.offsetBytes, end: range.offsetBytes + range.sizeBytes - 1 }
      : {};
    const [bytes] = await stored.download(options);
    return bytes;
  } catch (cause) {
    if (hasCode(cause, 404)) throw new ApiError("NOT_FOUND", { cause });
    throw new ApiError("UNAVAILABLE", { cause });
  }
}
