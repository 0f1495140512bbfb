/** IAM Credentials: signs for a service account, for the holder of a token of that account. */
import type { IncomingMessage, ServerResponse } from "node:http";
import * as z from "zod";
import { HttpError, readText, sendJson } from "../lib/http.ts";
import type { AccessTokens } from "./access-tokens.ts";
import type { AccountKeys } from "./account-keys.ts";

const pattern = /^\/v1\/projects\/-\/serviceAccounts\/([^/:]+):signBlob$/;
const bodyBytesMax = 64 * 1024;

const Body = z.strictObject({
  payload: z.base64(),
  delegates: z.array(z.string()).max(0).optional(),
});

export function isSignBlob(url: URL): boolean {
  return pattern.test(url.pathname);
}

/**
 * Each account may sign for itself alone, as Terraform grants it.
 * @throws {HttpError} 400, 401, 403, 404, 405.
 */
export async function answerSignBlob(
  { tokens, keys }: { readonly tokens: AccessTokens; readonly keys: AccountKeys },
  { request, response }: { request: IncomingMessage; response: ServerResponse },
  url: URL,
): Promise<void> {
  if (request.method !== "POST") throw new HttpError(405, "methodNotAllowed", "POST only.");
  const email = decodeURIComponent(pattern.exec(url.pathname)?.[1] ?? "");
  const caller = tokens.bearerOf(request.headers.authorization);
  if (caller === null) {
    throw new HttpError(401, "authError", "Request had invalid authentication credentials.");
  }
  if (!keys.has(email)) throw new HttpError(404, "notFound", "Unknown service account.");
  if (caller !== email) {
    const message = "Permission 'iam.serviceAccounts.signBlob' denied on resource.";
    throw new HttpError(403, "forbidden", message);
  }
  const payload = readPayload(await readText(request, bodyBytesMax));
  const { keyId, signature } = keys.sign(email, payload);
  sendJson(response, 200, { keyId, signedBlob: signature.toString("base64") });
}

function readPayload(text: string): Buffer {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new HttpError(400, "parseError", "The body isn't JSON.");
  }
  const body = Body.safeParse(json);
  if (!body.success) throw new HttpError(400, "invalid", z.prettifyError(body.error));
  return Buffer.from(body.data.payload, "base64");
}
