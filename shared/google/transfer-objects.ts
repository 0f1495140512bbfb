/**
 * Objects of large files on their way, and addresses for them that this function's own account
 * signs through IAM: no key is stored anywhere. Such an address opens one object for some minutes.
 */
import type { GetSignedUrlConfig } from "@google-cloud/storage";
import { config } from "../config.ts";
import { attachment } from "../core/attachment.ts";
import { ApiError } from "../errors/api-error.ts";
import type { Owner } from "../identity/owner.ts";
import { hasCode, storageFailure, storeInPlace } from "./bucket.ts";
import { workspaceObject } from "./objects.ts";
import { storeWhileRead } from "./store-while-read.ts";

const kind = "transfers";
/** Two such chunks are in memory while a copy is stored. */
const chunkBytes = 4 * 1024 * 1024;

/** What a client sends, and where. */
export interface SignedRequest {
  readonly url: string;
  readonly method: "POST" | "GET";
  /** The signature covers them, so the request must have exactly these. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * The address at which a resumable upload of exactly `sizeBytes` begins. The object can be written
 * once: a second upload to it is refused.
 * @throws {ApiError} `UNAVAILABLE`.
 */
export async function signUpload(
  owner: Owner,
  upload: { readonly id: string; readonly sizeBytes: number; readonly expiresAt: number },
): Promise<SignedRequest> {
  const headers = {
    "x-goog-content-length-range": `${upload.sizeBytes},${upload.sizeBytes}`,
    "x-goog-if-generation-match": "0",
    "x-goog-resumable": "start",
  };
  const url = await signed(owner, upload, { action: "resumable", extensionHeaders: headers });
  return { url, method: "POST", headers };
}

/**
 * The address from which the object can be read, whole or in ranges.
 * @throws {ApiError} `UNAVAILABLE`.
 */
export async function signDownload(
  owner: Owner,
  download: { readonly id: string; readonly name: string; readonly expiresAt: number },
): Promise<SignedRequest> {
  const responseDisposition = attachment(download.name);
  const url = await signed(owner, download, { action: "read", responseDisposition });
  return { url, method: "GET", headers: {} };
}

async function signed(
  owner: Owner,
  { id, expiresAt }: { readonly id: string; readonly expiresAt: number },
  what: Pick<GetSignedUrlConfig, "action" | "extensionHeaders" | "responseDisposition">,
): Promise<string> {
  const endpoint = config().PADDOCK_CREDENTIALS_ENDPOINT;
  const signing =
    endpoint === undefined
      ? {}
      : { signingEndpoint: `http://${endpoint}/v1/projects/-/serviceAccounts/` };
  const object = await workspaceObject(owner, kind, id);
  try {
    const options = { version: "v4", expires: expiresAt, ...what, ...signing } as const;
    const [url] = await object.getSignedUrl(options);
    return url;
  } catch (cause) {
    throw new ApiError("UNAVAILABLE", { cause, headers: { "retry-after": "5" } });
  }
}

/** How many bytes have been stored; null if none have. @throws {ApiError} `UNAVAILABLE`. */
export async function transferredBytes(owner: Owner, id: string): Promise<number | null> {
  try {
    const [{ size }] = await (await workspaceObject(owner, kind, id)).getMetadata();
    return Number(size);
  } catch (cause) {
    if (hasCode(cause, 404)) return null;
    throw storageFailure(cause);
  }
}

/**
 * Stores a file while it is read. There is no object unless all of it was stored.
 * @throws {ApiError} `UNAVAILABLE`, and what `pieces` throws.
 */
export async function storeTransfer(
  owner: Owner,
  id: string,
  pieces: AsyncIterable<Buffer>,
): Promise<void> {
  const object = await workspaceObject(owner, kind, id);
  await storeWhileRead(object, pieces, { chunkBytes, contentType: "application/octet-stream" });
}

/**
 * Deletes an object that nobody was given the address of, if there is one.
 * @throws {ApiError} `UNAVAILABLE`.
 */
export async function removeTransfer(owner: Owner, id: string): Promise<void> {
  try {
    await (await workspaceObject(owner, kind, id)).delete({ ignoreNotFound: true });
  } catch (cause) {
    throw storageFailure(cause);
  }
}

/**
 * Puts an empty object in the place of an upload that has ended. Sessions of its signed request
 * live for a week, and each stores its bytes only where there is no object.
 * @param generation The object that it replaces; null if there is none.
 * @returns False if another object is there meanwhile.
 * @throws {ApiError} `UNAVAILABLE`.
 */
export async function closeUpload(
  owner: Owner,
  id: string,
  generation: string | null,
): Promise<boolean> {
  const object = await workspaceObject(owner, kind, id);
  return await storeInPlace(object, "", generation, { contentType: "application/octet-stream" });
}
