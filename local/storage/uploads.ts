/** Objects that come in one request: on their own, or after their metadata. */
import type { IncomingMessage } from "node:http";
import { bodyOf, HttpError } from "../lib/http.ts";
import { parseBody } from "./body.ts";
import { Settings, type StoredObject, UploadMetadata } from "./model.ts";
import { readMultipart } from "./multipart.ts";
import type { ObjectStore } from "./object-store.ts";
import { checkPreconditions, type Preconditions, readPreconditions } from "./preconditions.ts";
import type { Content, Spool } from "./spool.ts";

/** An upload's target, conditions and metadata. */
export interface Destination {
  readonly bucket: string;
  readonly name: string;
  readonly conditions: Preconditions;
  readonly metadata: UploadMetadata;
}

/** `uploadType=media`: the body is the object. */
export async function uploadMedia(
  store: ObjectStore,
  bucket: string,
  { request, url }: { readonly request: IncomingMessage; readonly url: URL },
): Promise<StoredObject> {
  const contentType = request.headers["content-type"];
  const metadata = contentType === undefined ? {} : { contentType };
  const destination = readDestination(store, bucket, url, metadata);
  return await receive(store, destination, bodyOf(request));
}

/** `uploadType=multipart`: metadata and bytes in one body. */
export async function uploadMultipart(
  store: ObjectStore,
  bucket: string,
  { request, url }: { readonly request: IncomingMessage; readonly url: URL },
): Promise<StoredObject> {
  const header = request.headers["content-type"] ?? "";
  const boundary = /^multipart\/related;.*\bboundary="?([^";\s]{1,70})"?/i.exec(header)?.[1];
  if (boundary === undefined) throw new HttpError(400, "badContent", "Not multipart/related.");
  const body = bodyOf(request);
  try {
    const upload = await readMultipart(body, boundary);
    const metadata = parseBody(UploadMetadata, upload.metadata);
    const contentType = metadata.contentType ?? upload.contentType;
    const typed = contentType === undefined ? metadata : { ...metadata, contentType };
    const destination = readDestination(store, bucket, url, typed);
    return await receive(store, destination, upload.media);
  } finally {
    // Discards what follows the last delimiter, or what a refusal leaves unread.
    await body.return?.();
  }
}

/** Refuses an upload that can't succeed before its bytes are read. @throws {HttpError} 400…412. */
export function readDestination(
  store: ObjectStore,
  bucket: string,
  url: URL,
  metadata: UploadMetadata,
): Destination {
  store.bucket(bucket);
  const name = checkName(url.searchParams.get("name") ?? metadata.name ?? "");
  const conditions = readPreconditions(url);
  checkPreconditions(conditions, store.current(bucket, name), "write");
  return { bucket, name, conditions, metadata };
}

/** @throws {HttpError} 400. */
export function checkName(name: string): string {
  const bytes = Buffer.byteLength(name);
  if (bytes < 1 || bytes > 1_024 || name === "." || name === ".." || /[\r\n]/.test(name)) {
    throw new HttpError(400, "invalid", "Invalid object name.");
  }
  return name;
}

async function receive(
  store: ObjectStore,
  destination: Destination,
  source: AsyncIterable<Buffer>,
): Promise<StoredObject> {
  const spool = await store.openSpool(destination.bucket);
  try {
    await spool.take(source);
    return await commitSpool(store, destination, { spool, hashes: "" });
  } catch (failure) {
    await spool.discard();
    throw failure;
  }
}

/**
 * @param received.hashes the `x-goog-hash` header that came with the bytes.
 * @throws {HttpError} 400 for a checksum that doesn't match, 412.
 */
export async function commitSpool(
  store: ObjectStore,
  destination: Destination,
  received: { readonly spool: Spool; readonly hashes: string },
): Promise<StoredObject> {
  const content = await received.spool.finish();
  const { metadata } = destination;
  checkHash(content, "crc32c", metadata.crc32c, received.hashes);
  checkHash(content, "md5Hash", metadata.md5Hash, received.hashes);
  const settings = Settings.parse({
    ...metadata,
    contentType: metadata.contentType ?? "application/octet-stream",
  });
  return await store.commit(destination, content, settings);
}

function checkHash(
  content: Content,
  field: "crc32c" | "md5Hash",
  inMetadata: string | undefined,
  hashes: string,
): void {
  const label = field === "crc32c" ? "crc32c" : "md5";
  const inHeader = new RegExp(`(?:^|,)\\s*${label}=([^,\\s]+)`).exec(hashes)?.[1];
  for (const expected of [inMetadata, inHeader]) {
    if (expected === undefined || expected === content[field]) continue;
    const message = `Provided ${label} "${expected}" doesn't match calculated "${content[field]}".`;
    throw new HttpError(400, "invalid", message);
  }
}
