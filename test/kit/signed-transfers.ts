/** Large files as clients send and read them: through signed requests to Cloud Storage. */
import { createHash, randomBytes } from "node:crypto";
import { type Answer, send } from "./client.ts";
import type { TestOwner } from "./owners.ts";

export const mib = 1_048_576;
export const sha256Of = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

export interface SignedRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Bytes that no two calls share, of which no two pieces are alike. */
export function someBytes(sizeBytes: number): Buffer {
  return randomBytes(sizeBytes);
}

export const uploadsOf = (environmentId: string, rest = "") =>
  `/v1/environments/${environmentId}/uploads${rest}`;

export async function beginUpload(
  { key }: Pick<TestOwner, "key">,
  environmentId: string,
  body: { readonly path: string; readonly size: number; readonly sha256?: string },
): Promise<Answer> {
  return await send(uploadsOf(environmentId), { key, body });
}

export async function completeUpload(
  { key }: Pick<TestOwner, "key">,
  environmentId: string,
  uploadId: string,
): Promise<Answer> {
  return await send(uploadsOf(environmentId, `/${uploadId}/complete`), { key, method: "POST" });
}

/** The session's address. @throws unless Cloud Storage begins one. */
export async function openSession(signed: SignedRequest): Promise<string> {
  const { status, headers } = await fetch(signed.url, signed);
  const location = headers.get("location");
  if (status !== 201 || location === null) throw new Error(`no session: ${status}`);
  return location;
}

/** Sends bytes from `offset` on; the last ones complete the object. */
export async function sendChunk(
  session: string,
  chunk: { readonly bytes: Buffer; readonly offset: number; readonly total: number },
): Promise<Response> {
  const { bytes, offset, total } = chunk;
  const range = `bytes ${offset}-${offset + bytes.length - 1}/${total}`;
  const body = new Uint8Array(bytes);
  return await fetch(session, { method: "PUT", headers: { "content-range": range }, body });
}

/** All of a file in chunks of 8 MiB. @throws unless Cloud Storage has all of it then. */
export async function sendAll(signed: SignedRequest, bytes: Buffer): Promise<void> {
  const session = await openSession(signed);
  const total = bytes.length;
  for (let offset = 0; offset < total; offset += 8 * mib) {
    const chunk = bytes.subarray(offset, offset + 8 * mib);
    const { status } = await sendChunk(session, { bytes: chunk, offset, total });
    const wanted = offset + chunk.length === total ? 200 : 308;
    if (status !== wanted) throw new Error(`${status} at ${offset}`);
  }
}
